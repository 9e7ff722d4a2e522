"""What the server counts by the hour."""
