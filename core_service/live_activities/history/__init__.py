"""How people look back at Live Activities."""
