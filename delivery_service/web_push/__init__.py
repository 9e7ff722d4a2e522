"""Sends pushes to browsers, by their push services: Web Push (RFC 8030), encrypted (RFC 8291) and signed (RFC 8292)."""
