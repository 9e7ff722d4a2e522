"""The number on the app's icon: a state, of which every phone gets the newest."""
