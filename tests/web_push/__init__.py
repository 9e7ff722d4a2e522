"""The whole chain with real browsers, Firefox and Chromium, and stand-ins for their makers' push services."""
