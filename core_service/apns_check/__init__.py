"""Asks APNs on demand whether this server's credentials are valid."""
