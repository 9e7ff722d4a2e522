"""API keys, sessions, who a caller is, and how often a caller may call."""
