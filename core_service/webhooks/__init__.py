"""Webhook actions: the call behind a button, repeated until it succeeds or has failed for good."""
