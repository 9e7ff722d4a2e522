"""Asks processes of the server whether they can serve, once and in bounded time."""
