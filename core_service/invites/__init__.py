"""Invites: asking people to join an account, by mail or by a link that is passed on."""
