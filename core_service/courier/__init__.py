"""Pushes on their way: what core hands to the delivery service, and what comes back."""
