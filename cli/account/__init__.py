"""Commands for a workspace: make it, make its keys, pair its phones, reset passwords."""
