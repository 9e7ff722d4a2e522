"""Tells core what was answered, for the log of requests: later, in batches, and never at the expense of a request."""
