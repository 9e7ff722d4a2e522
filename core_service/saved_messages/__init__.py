"""Push notifications that people keep under a name."""
