"""Parts of the pages about channels."""
