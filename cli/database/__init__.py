"""The server's database as commands use it: the embedded one, running or not, or one of the user's."""
