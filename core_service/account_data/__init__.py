"""What people take with them, and what is deleted for good: exports, and the end of accounts and of people."""
