"""Builds the services of the API: those about people, about what is sent to phones, and about what has happened."""
