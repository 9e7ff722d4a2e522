"""The rules that the protos declare for fields of requests, enforced before every method."""
