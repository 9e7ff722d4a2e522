"""What core answers over gRPC."""
