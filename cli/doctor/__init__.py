"""`smith doctor`: checks everything that the server needs, and advises on problems."""
