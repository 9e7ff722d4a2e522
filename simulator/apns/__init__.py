"""A stand-in for the Apple Push Notification service: HTTP/2 over TLS, Apple's checks and reasons, faults on demand."""
