"""Mails: what core asks the delivery service to send."""
