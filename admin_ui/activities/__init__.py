"""What the pages about Live Activities are made of."""
