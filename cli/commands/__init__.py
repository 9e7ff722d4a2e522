"""The commands of `smith`, a module each. What is heavy to load is loaded when a command runs."""
