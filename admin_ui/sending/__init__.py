"""Requests that a person composes: as calls of core, and as REST requests of a backend."""
