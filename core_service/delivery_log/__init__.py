"""What happened to every push, and what can be said about why something is or is not on a phone."""
