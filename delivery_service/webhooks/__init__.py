"""Calls users' webhooks: signed, with limits, and only at addresses of the public internet."""
