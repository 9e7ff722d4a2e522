"""One's own account: name, password, sessions, workspaces."""

import uuid

from nicegui import ui
from nicegui.testing import User

from tests.admin.conftest import Open
from tests.admin.looking import fill, named, press, sees
from tests.core.harness import PASSWORD, Account, refused_with
from tests.waiting import eventually_async


async def test_a_name_is_changed(member: User, account: Account) -> None:
    await member.open("/account")
    await fill(member, "Name", "  Ann  ")
    await press(member, "Save name")
    await sees(member, "Saved.")
    assert "Ann" in [one.name for one in (await account.owner.ListMembers()).members]
    await fill(member, "Name", "")
    await press(member, "Save name")

    async def complaint() -> bool:
        [field] = named(member, ui.input, "Name")
        return "Name must be 1 to 100 characters" in (field.error or "")

    await eventually_async("the field says what is wrong", complaint)


async def test_who_knows_a_password_can_change_it_and_other_sessions_end(owner: User, account: Account) -> None:
    other = await account.sign_in(account.email, PASSWORD)
    await owner.open("/account")
    await fill(owner, "Current password", "wrong")
    await fill(owner, "New password", "another long one")
    await press(owner, "Change password")

    async def complaint() -> bool:
        [field] = named(owner, ui.input, "Current password")
        return field.error == "This is not your password."

    await eventually_async("the field says what is wrong", complaint)
    await fill(owner, "Current password", PASSWORD)
    await press(owner, "Change password")
    await sees(owner, "Your password is changed. 1 other session was ended.")
    await refused_with("UNAUTHENTICATED", account.core.caller(other).GetAccount())
    await account.sign_in(account.email, "another long one")


async def test_a_password_that_is_too_short_is_told_in_the_words_of_the_form(owner: User) -> None:
    await owner.open("/account")
    await fill(owner, "Current password", PASSWORD)
    await fill(owner, "New password", "short")
    await press(owner, "Change password")

    async def complaint() -> bool:
        [field] = named(owner, ui.input, "New password")
        return (field.error or "") == "New password must be 10 to 200 characters"

    await eventually_async("the field says what is wrong", complaint)


async def test_an_owner_ends_anybodys_session_and_a_member_sees_their_own(
    owner: User, member: User, account: Account
) -> None:
    [colleague] = [one for one in (await account.owner.ListMembers()).members if one.email != account.email]
    await member.open("/account")
    await sees(member, "Where you are signed in.", "This session")
    [theirs] = [one for one in (await account.owner.ListSessions()).sessions if one.user_id == colleague.user_id]
    when = theirs.created_at.ToDatetime().isoformat(sep=" ", timespec="seconds")
    await owner.open("/account")
    await press(owner, f"Sign out {colleague.email}, signed in {when} UTC")

    async def is_gone() -> bool:
        return colleague.email not in [one.email for one in (await account.owner.ListSessions()).sessions]

    await eventually_async("the session has ended", is_gone)
    answer = await member.http_client.get("/account")
    assert answer.headers["location"] == "/sign-in?next=/account"


async def test_who_belongs_to_several_workspaces_switches_between_them(
    admin: Open, account: Account, stranger: Account
) -> None:
    email = f"{uuid.uuid4().hex}@team.test"
    joined = await account.join(email)
    await stranger.owner.CreateInvites(emails=[email])
    token = await stranger.invite_token(email)
    await account.core.caller().AcceptInvite(token=token, password=PASSWORD)
    user = admin(joined.session_token)
    await user.open("/account")
    await sees(user, "Workspaces", "You are here")
    await press(user, "Switch to Elsewhere")

    async def is_there() -> bool:
        now = await account.core.caller(joined.session_token).GetAccount()
        return now.account.id == stranger.id

    await eventually_async("the session is in the other workspace", is_there)
