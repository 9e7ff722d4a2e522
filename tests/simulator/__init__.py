"""Tests of the simulator, through its own doors: HTTP/2 over TLS and the control API."""
