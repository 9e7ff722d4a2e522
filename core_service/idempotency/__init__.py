"""Requests that carry an `Idempotency-Key`: done once, answered alike however often they come."""
