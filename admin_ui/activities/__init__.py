"""Parts of the pages about Live Activities."""
