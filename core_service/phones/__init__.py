"""What the app on a phone reports and asks about Live Activities."""
