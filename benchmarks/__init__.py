"""How fast the server is on this machine, compared with the limits of the same machine in the same run."""
