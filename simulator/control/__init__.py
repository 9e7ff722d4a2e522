"""The JSON API that people and tests steer the simulator with."""
