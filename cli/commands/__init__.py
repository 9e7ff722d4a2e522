"""The commands of `smith`, one module for each. Slow imports happen only when a command runs."""
