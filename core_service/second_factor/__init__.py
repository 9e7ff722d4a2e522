"""What people sign in with besides, or instead of, the password: an authenticator app, passkeys, recovery codes."""
