"""Sends what core has decided on: pushes to APNs, calls of webhooks, mails. It stores nothing."""
