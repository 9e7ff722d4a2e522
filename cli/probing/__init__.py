"""Asks processes of the server whether they can serve, once and with a time limit."""
