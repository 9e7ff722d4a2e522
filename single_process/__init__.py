"""Gateway, core and delivery in one process: they call each other without a network."""
