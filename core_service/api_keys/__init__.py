"""API keys of backends."""
