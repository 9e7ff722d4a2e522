"""Push notifications: what a request asks for, whom it is for, what the phone is told."""
