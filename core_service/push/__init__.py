"""Push notifications: their content, their recipients, what the phone is told."""
