"""The overview: figures that move, first steps, and alarms."""

from nicegui.testing import User

from tests.admin.looking import sees, sees_no
from tests.core.harness import Account


async def test_a_new_account_is_told_its_first_steps_until_it_has_taken_them(owner: User, account: Account) -> None:
    await owner.open("/")
    await sees(owner, "First steps", "Create an API key", "Pair a phone", "Send the first push")
    await account.add_key()
    await account.add_startable_phone()
    await account.owner.SendPushNotification(title="Build finished")
    await sees_no(owner, "First steps")


async def test_what_happens_is_told_as_it_happens(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/")
    await sees(owner, "Nothing since you opened this page.")
    await account.owner.SendPushNotification(title="Build finished")
    await sees(owner, "A push notification was sent")


async def test_a_member_sees_the_figures_too(member: User) -> None:
    await member.open("/")
    await sees(member, "Requests this minute", "Live Activities now", "Accepted by APNs")
