"""Accounts, the people in them and their roles."""
