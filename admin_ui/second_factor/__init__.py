"""A person's own second factor: the authenticator app, passkeys, recovery codes."""
