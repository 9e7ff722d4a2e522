"""Why no password is set."""

from service_kit.errors import NotFound


class UnknownResetToken(NotFound):
    """No password can be set with this secret. Whether one ever could is not told."""

    def __init__(self) -> None:
        super().__init__("This link is wrong, was used or revoked, or has expired. Ask for a new one.")
