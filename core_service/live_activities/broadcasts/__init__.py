"""One push for many phones: the broadcast channels of Live Activities (iOS 18), from their making to their end."""
