"""Channels: named groups of recipients."""
