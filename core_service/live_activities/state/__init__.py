"""What a Live Activity shows, and how it is stored."""
