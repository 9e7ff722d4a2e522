"""Clients in languages whose compilers `make test` does without: `make test-all` installs them."""
