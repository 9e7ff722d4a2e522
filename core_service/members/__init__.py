"""The people of an account: roles, and what ends when they leave."""
