"""Forgetting: what is older than anybody asks for leaves the database, a little at a time."""
