"""Live Activities and streams as people look at them: lists, the devices of one, and what happened to it."""
