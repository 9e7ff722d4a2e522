"""Simulates APNs and iPhones on this machine, to try the server without an Apple account, and to test it."""
