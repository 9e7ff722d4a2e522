"""Deletes what is old, a little at a time."""
