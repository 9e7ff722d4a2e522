"""Calls of users' webhooks: signed, bounded, and never to an address that is not the public internet's."""
