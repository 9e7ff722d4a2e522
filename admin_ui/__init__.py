"""The owners' web admin: pages over core's gRPC API."""
