"""APNs and iPhones on this machine: for trying the server without an Apple account, and for testing it."""
