"""The description of the API: against the documented contract, and against the server."""
