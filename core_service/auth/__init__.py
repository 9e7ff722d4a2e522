"""Sessions, credentials, what a caller may do and how often."""
