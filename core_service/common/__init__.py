"""What all areas share: checks of values, pages of lists, the base of tables."""
