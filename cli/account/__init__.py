"""What operators do for a workspace: make it, its keys, and pair its phones."""
