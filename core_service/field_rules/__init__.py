"""The rules that the protos declare for fields of requests, enforced in front of every method."""
