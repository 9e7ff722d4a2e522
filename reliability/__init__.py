"""What the server makes of being killed, cut off and lied to: faults under load, and a count of what came through."""
