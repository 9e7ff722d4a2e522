"""Access of commands to the server's database: the embedded one, running or not, or the user's own."""
