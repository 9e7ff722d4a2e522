"""Live Activities: what each phone should show, and what has been done about it."""
