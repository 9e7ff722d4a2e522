"""Asking APNs whether this server's credentials are good, on demand."""
