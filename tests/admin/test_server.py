"""The page about the server: what an owner sees of it, and what they do not."""

import pytest
from nicegui.testing import User

from tests.admin.conftest import Open
from tests.admin.looking import sees
from tests.core.harness import Account, start_account

pytestmark = pytest.mark.asyncio(loop_scope="session")

BACKUP = """
INSERT INTO backup_records VALUES (gen_random_uuid(), 'backup', now(), now(), '/srv/night.backup', 5242880, true, '1')
"""


@pytest.mark.thorough
async def test_an_owner_sees_how_the_server_runs_and_what_is_of_the_whole_server_only_alone(
    admin: Open, account: Account
) -> None:
    owner = admin(account.session)
    await owner.open("/settings/server")
    await sees(owner, "Core, which decides and keeps everything", "PostgreSQL, the database", "All open", "never")
    # No delivery service runs here, and no gateway.
    await sees(owner, "Does not answer", "Free disk space", "Nothing waits.", "Database")
    await sees(owner, "Only the log of this server. These settings name others: ", "SMITH_ALERT_PUSH_TO")
    await account.core.sql(BACKUP)
    await account.add_startable_phone()
    await account.owner.SendPushNotification(title="hello")
    await sees(owner, "/srv/night.backup, 5.0 MB", "Push notifications")

    stranger = admin((await start_account(account.core, "Elsewhere")).session)
    await stranger.open("/settings/server")
    await sees(stranger, "All open", "Last backup")
    for words in ("/srv/night.backup", "Push notifications", "Waiting", "Database", "Alerts"):
        assert not stranger.shows(words), words


async def test_a_member_is_told_that_the_page_is_for_owners(member: User) -> None:
    await member.open("/settings/server")
    await sees(member, "Only an owner of the workspace can see how the server runs.")
