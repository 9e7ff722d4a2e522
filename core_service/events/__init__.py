"""Events: what happens in accounts, told to whoever watches as it happens."""
