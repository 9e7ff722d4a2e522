"""The simulated phones, and what the lock screen page does with them."""
