"""Simulated browsers that receive pushes as the app on a phone does."""
