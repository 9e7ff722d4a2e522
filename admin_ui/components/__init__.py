"""Building blocks of pages. Each may be used on any page."""
