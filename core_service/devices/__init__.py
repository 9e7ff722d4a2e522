"""Phones: pairing, tokens, unpairing."""
