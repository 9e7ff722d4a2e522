"""Why a command ends without having done its work."""


class CannotStart(Exception):
    """Something outside has to change first. The message is one line for the person who has to change it."""


class Failed(Exception):
    """It was begun and could not be completed. The message is one line."""


class GaveUp(Failed):
    """A process kept dying before everything was ready once."""
