"""What was asked of the REST API, and what was answered."""
