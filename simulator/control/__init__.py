"""The JSON API with which people and tests control the simulator."""
