"""What the pages of channels are made of."""
