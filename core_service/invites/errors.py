"""Why an invite is not accepted."""

from service_kit.errors import NotFound


class UnknownInviteToken(NotFound):
    """No invite can be accepted with this secret. Whether one ever could is not told."""

    def __init__(self) -> None:
        super().__init__("This invite link is wrong, was used or revoked, or has expired. Ask for a new one.")
