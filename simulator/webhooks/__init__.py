"""A receiver for webhook calls."""
