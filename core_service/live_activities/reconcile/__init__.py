"""Brings each device to the newest state."""
