"""Starts the core, wires its parts and serves them."""
