"""Why an invite is not accepted."""

from service_kit.errors import NotFound


class UnknownToken(NotFound):
    """Nothing can be accepted with this secret, and nobody is told whether it ever could."""

    def __init__(self) -> None:
        super().__init__("This invite link is wrong, was used or revoked, or has expired. Ask for a new one.")
