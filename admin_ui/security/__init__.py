"""What stands before every page: which requests are answered at all, and what browsers may do with the answers."""
