"""The types of Live Activities as the admin shows them: one file each, named after the type."""
