"""Health of single processes, for containers and init systems."""
