"""What the pages of the request log share."""
