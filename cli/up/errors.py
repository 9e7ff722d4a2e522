"""Why `smith up` ends without having been asked to."""


class CannotStart(Exception):
    """Something outside has to change first. The message is one line for the person who has to change it."""


class GaveUp(Exception):
    """A process kept dying before everything was ready once."""
