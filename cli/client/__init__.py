"""For commands that use a running server as clients: its addresses, the person who signs in, a session."""
