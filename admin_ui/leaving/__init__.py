"""What people take with them, and what they delete for good."""
