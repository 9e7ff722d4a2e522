"""Forgotten and changed passwords: links that work once and set a new password."""
