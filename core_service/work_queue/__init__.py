"""Work that is owed in the database: claimed under a lease, done, settled in batches."""
