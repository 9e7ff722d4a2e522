"""Makes a link to a new password for a person who has lost theirs."""

from cli.account.make import require_database
from cli.database.core_command import ask_core
from cli.database.embedded import open_database
from cli.up.settings import UpSettings

LOCAL_ADMIN = "http://127.0.0.1:8080"
"""The web admin's default address, the same as core's default."""


async def make_link(settings: UpSettings, email: str) -> dict[str, str]:
    """Makes the link, and returns `url`, `email`, `name` and `expires_at`.

    Raises CannotStart or Failed, also if no person signs in with this address.
    """
    require_database(settings)
    options = [f"--email={email}", f"--admin-url={settings.admin_url or settings.admin_page or LOCAL_ADMIN}"]
    async with open_database(settings, "smith account reset-password") as url:
        return dict(await ask_core("reset-password", *options, database_url=url))
