"""Parts of the page about widgets."""
