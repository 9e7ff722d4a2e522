"""Checks that run before every page: which requests are answered, and what browsers may do with the answers."""
