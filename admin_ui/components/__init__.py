"""What pages are drawn with. Everything here may be used on any page."""
