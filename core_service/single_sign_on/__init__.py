"""Signing in with the login of another service, by OpenID Connect. Loaded as a whole only if it is set up."""
