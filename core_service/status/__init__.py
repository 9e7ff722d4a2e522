"""How the server is doing, for the people who use it."""
