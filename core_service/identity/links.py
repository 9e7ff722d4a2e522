"""Links to the admin app with a secret in them."""

from core_service.identity.secrets import Secret, mint


class SecretLinks:
    """Makes links to one page of the admin app."""

    def __init__(self, admin_url: str, page: str, prefix: str) -> None:
        """`admin_url` is the address of the admin app; `prefix` is that of the secrets."""
        self._page = f"{admin_url.rstrip('/')}/{page}"
        self._prefix = prefix

    def new(self) -> tuple[str, Secret]:
        """Returns a link, and the secret in it. Its hash is to be stored."""
        secret = mint(self._prefix)
        return f"{self._page}/{secret.text}", secret
