"""A push service for browsers (RFC 8030), as those of Apple, Google and Mozilla are."""
