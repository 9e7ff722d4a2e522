"""Hands pushes to the delivery service and settles what became of them."""
