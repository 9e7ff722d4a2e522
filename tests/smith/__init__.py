"""The commands of `smith` for a server that runs."""
