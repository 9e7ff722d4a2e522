"""Signing in by way of a real provider: Dex, built from its Go module."""
