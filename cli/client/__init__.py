"""What commands need that use a running server as any client does: where it is, who signs in, a session."""
