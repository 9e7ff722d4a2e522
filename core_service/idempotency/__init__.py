"""Requests with an `Idempotency-Key`: carried out once, and answered the same each time."""
