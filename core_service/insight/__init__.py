"""How an account uses the server: what was sent, what became of it, how much of its limits is used."""
