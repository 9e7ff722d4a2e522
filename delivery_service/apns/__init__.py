"""The sender to the Apple Push Notification service: from a push and its targets to one outcome per target."""
