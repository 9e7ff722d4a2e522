"""The links that accept invites."""

from core_service.auth.secrets import INVITE, Secret, mint

MAX_TOKENS = 200
"""Links of one invite that work at once; a new one replaces the oldest. More than a mail is ever tried."""


class Links:
    """Makes links to the admin app."""

    def __init__(self, admin_url: str) -> None:
        """`admin_url` is where people reach the admin app."""
        self._admin_url = admin_url.rstrip("/")

    def new(self) -> tuple[str, Secret]:
        """A link and the secret in it, whose hash is to be stored."""
        secret = mint(INVITE)
        return f"{self._admin_url}/invite/{secret.text}", secret
