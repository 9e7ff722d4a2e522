"""A way back in: links that work once and set a new password."""
