"""Requests that a person composes: as core is asked, and as a backend would ask over REST."""
