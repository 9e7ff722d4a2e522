"""Errors that end a command."""


class CannotStart(Exception):
    """A person has to change something before the command can start. The message is one line that says what."""


class Failed(Exception):
    """The command has begun and could not be completed. The message is one line."""


class GaveUp(Failed):
    """A process ended again and again before everything was ready once."""
