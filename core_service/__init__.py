"""Owns PostgreSQL and decides what must be true: who may do what, which device must show what."""
