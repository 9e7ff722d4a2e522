"""Streams: one Live Activity after another under a key of the backend."""
