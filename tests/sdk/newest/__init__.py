"""The newest releases of the official SDKs against this server: `make newest`."""
