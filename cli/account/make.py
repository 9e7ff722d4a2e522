"""Makes a workspace with its owner."""

from dataclasses import dataclass

from cli.database.core_command import ask_core
from cli.database.embedded import has_embedded_database, open_database
from cli.up.data_folder import absolute
from cli.up.errors import CannotStart
from cli.up.settings import UpSettings


@dataclass(frozen=True)
class NewAccount:
    """The workspace and owner to make."""

    name: str
    email: str
    owner_name: str | None
    password: str


async def make_account(settings: UpSettings, wanted: NewAccount) -> dict[str, str]:
    """Makes it, and returns `account_id`, `user_id`, `email` and `name`.

    Core's command does it, directly on the database. There is no network call for it: that would need a lasting secret
    of its own. Raises CannotStart or Failed; then nothing was made.
    """
    require_database(settings)
    # With `=`, because a name may begin with a hyphen.
    options = [f"--account-name={wanted.name}", f"--email={wanted.email}"]
    options += [] if wanted.owner_name is None else [f"--name={wanted.owner_name}"]
    async with open_database(settings, "smith account create") as url:
        made = await ask_core("create-account", *options, database_url=url, given=wanted.password.encode())
    return dict(made)


def require_database(settings: UpSettings) -> None:
    """Raises CannotStart if there is no database."""
    if not settings.database_url and not has_embedded_database(settings):
        folder = absolute(settings.data_dir)
        raise CannotStart(f"there is no database in {folder}: is SMITH_DATA_DIR right? `smith up` makes one")
