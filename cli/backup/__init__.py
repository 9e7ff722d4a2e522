"""Backups: one file that holds a database."""
