"""For people who have lost what they sign in with: a link to a new password, or a sign-in without a second factor."""

from typing import Any

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


async def take_second_factor(settings: UpSettings, email: str) -> dict[str, Any]:
    """Takes away the person's second factor, and returns `email`, `name`, `sessions_ended` and `passkeys_removed`.

    Raises CannotStart or Failed, also if no person signs in with this address or they have none.
    """
    require_database(settings)
    async with open_database(settings, "smith account reset-second-factor") as url:
        return dict(await ask_core("reset-second-factor", f"--email={email}", database_url=url))
