"""Passkeys (WebAuthn): which are known, how they are added, and what they sign."""
