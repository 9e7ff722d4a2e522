"""Measures how fast the server is on this machine, compared with limits of the machine from the same run."""
