"""Pushes on their way to APNs: when they are held back, and what the answers mean."""
