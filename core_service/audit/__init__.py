"""Who did what in an account."""
