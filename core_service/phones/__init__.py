"""The API of the app on a phone."""
