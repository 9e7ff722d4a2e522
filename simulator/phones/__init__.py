"""Simulated iPhones that run the app: they pair, register tokens and show pushes."""
