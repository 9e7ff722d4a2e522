"""Channels: their slugs, who belongs to them, and that an account sees only its own."""

import asyncio

import pytest

from tests.core.harness import Account, outcomes, refused_with

WRONG_SLUGS = ["", "-", "Ops", "ops-", "-ops", "a--b", "a b", "ops\n", "ö", "o\x00", "a" * 65]


async def test_a_channel_is_named_after_its_slug_unless_given_a_name(account: Account) -> None:
    plain = (await account.owner.CreateChannel(slug="ops")).channel
    assert (plain.slug, plain.name, plain.device_count) == ("ops", "ops", 0)
    assert (await account.owner.CreateChannel(slug="on-call-2", name=" On call ")).channel.name == "On call"


@pytest.mark.parametrize("slug", WRONG_SLUGS)
async def test_a_slug_that_breaks_the_rule_is_refused(account: Account, slug: str) -> None:
    assert (await refused_with("INVALID_REQUEST", account.owner.CreateChannel(slug=slug))).startswith("slug must be")


async def test_a_name_that_breaks_the_rule_is_refused(account: Account) -> None:
    create = account.owner.CreateChannel
    rule = "name must be 1 to 100 characters"
    for name in ("", "   ", "n" * 101):
        assert await refused_with("INVALID_REQUEST", create(slug="ops", name=name)) == rule
    message = await refused_with("INVALID_REQUEST", create(slug="ops", name="a\x00b"))
    assert message == "name must not contain the character U+0000"
    assert not (await account.owner.ListChannels()).channels


async def test_a_taken_slug_is_refused_in_the_account_and_free_in_another(account: Account, stranger: Account) -> None:
    first = await account.add_channel("ops")
    second = await account.add_channel("dev")
    assert "ops" in await refused_with("ALREADY_EXISTS", account.owner.CreateChannel(slug="ops"))
    await refused_with("ALREADY_EXISTS", account.owner.UpdateChannel(channel_id=second, slug="ops"))
    await account.owner.UpdateChannel(channel_id=first, slug="ops")
    await stranger.add_channel("ops")


async def test_of_many_creations_of_one_slug_at_once_exactly_one_succeeds(account: Account) -> None:
    creations = (account.owner.CreateChannel(slug="race") for _ in range(8))
    assert await outcomes(*creations) == {"OK": 1, "ALREADY_EXISTS": 7}


async def test_a_channel_changes_what_is_given_and_keeps_the_rest(account: Account) -> None:
    channel_id = await account.add_channel("ops")
    assert (await account.owner.UpdateChannel(channel_id=channel_id, name="Operations")).channel.slug == "ops"
    renamed = (await account.owner.UpdateChannel(channel_id=channel_id, slug="sre")).channel
    assert (renamed.slug, renamed.name) == ("sre", "Operations")
    assert (await account.owner.UpdateChannel(channel_id=channel_id)).channel == renamed


async def test_a_deleted_channel_is_gone(account: Account) -> None:
    channel_id = await account.add_channel()
    await account.owner.DeleteChannel(channel_id=channel_id)
    assert not (await account.owner.ListChannels()).channels
    await refused_with("NOT_FOUND", account.owner.DeleteChannel(channel_id=channel_id))
    await refused_with("NOT_FOUND", account.owner.UpdateChannel(channel_id=channel_id, name="x"))


async def test_channels_are_listed_by_slug_with_their_members_each_device_counted_once(account: Account) -> None:
    user_id, _ = await account.add_member()
    one, two = await account.add_phone(user_id), await account.add_phone(user_id)
    own = await account.add_phone()
    second = await account.add_channel("zeta")
    first = await account.add_channel("alpha")
    await account.owner.AssignUser(channel_id=first, user_id=user_id)
    await account.owner.AssignDevice(channel_id=first, device_id=one.id)
    await account.owner.AssignDevice(channel_id=first, device_id=own.id)
    listed = (await account.owner.ListChannels()).channels
    assert [channel.id for channel in listed] == [first, second]
    assert listed[0].user_ids == [user_id]
    assert sorted(listed[0].device_ids) == sorted([one.id, own.id])
    assert (listed[0].device_count, listed[1].device_count) == (3, 0)
    await account.owner.DeleteDevice(device_id=two.id)
    assert (await account.owner.ListChannels()).channels[0].device_count == 2


async def test_assigning_twice_is_the_same_as_once_and_unassigning_twice_is_not(account: Account) -> None:
    channel_id, phone = await account.add_channel(), await account.add_phone()
    user, device = {"user_id": account.owner_id}, {"device_id": phone.id}
    for _ in range(2):
        await account.owner.AssignUser(channel_id=channel_id, **user)
        await account.owner.AssignDevice(channel_id=channel_id, **device)
    channel = (await account.owner.ListChannels()).channels[0]
    assert (channel.user_ids, channel.device_ids) == ([account.owner_id], [phone.id])
    await account.owner.UnassignUser(channel_id=channel_id, **user)
    await account.owner.UnassignDevice(channel_id=channel_id, **device)
    await refused_with("NOT_FOUND", account.owner.UnassignUser(channel_id=channel_id, **user))
    await refused_with("NOT_FOUND", account.owner.UnassignDevice(channel_id=channel_id, **device))
    assert (await account.owner.ListChannels()).channels[0].device_count == 0


async def test_pages_follow_each_other_without_gap_or_repeat(account: Account) -> None:
    slugs = [f"c{number:02}" for number in range(7)]
    await asyncio.gather(*(account.add_channel(slug) for slug in slugs))
    page = await account.owner.ListChannels(page_size=3)
    seen = [channel.slug for channel in page.channels]
    while page.HasField("next_page_token"):
        page = await account.owner.ListChannels(page_size=3, page_token=page.next_page_token)
        seen += [channel.slug for channel in page.channels]
    assert seen == slugs
    assert not (await account.owner.ListChannels(page_size=7)).HasField("next_page_token")


async def test_a_page_ends_early_rather_than_carry_more_ids_than_an_answer_holds(account: Account) -> None:
    """24 channels with 1,001 devices each: a page lists at most 20,000 ids, 1,000 of a channel."""
    await account.core.sql(
        "INSERT INTO devices (id, account_id, user_id, name, secret_hash, created_at) "
        "SELECT gen_random_uuid(), %s, %s, 'd', sha256(gen_random_uuid()::text::bytea), now() "
        "FROM generate_series(1, 1001)",
        account.id, account.owner_id,
    )  # fmt: skip
    await asyncio.gather(*(account.add_channel(f"c{number:02}") for number in range(24)))
    await account.core.sql(
        "INSERT INTO channel_devices SELECT c.id, d.id FROM channels c JOIN devices d USING (account_id) "
        "WHERE account_id = %s",
        account.id,
    )  # fmt: skip
    first = await account.owner.ListChannels(page_size=1000)
    assert len(first.channels) == 20
    assert {(len(channel.device_ids), channel.device_count) for channel in first.channels} == {(1000, 1001)}
    second = await account.owner.ListChannels(page_size=1000, page_token=first.next_page_token)
    assert [channel.slug for channel in second.channels] == ["c20", "c21", "c22", "c23"]
    assert not second.HasField("next_page_token")


@pytest.mark.parametrize("method", ["ListChannels", "ListDevices", "ListApiKeys", "ListMembers"])
async def test_a_wrong_page_size_or_token_is_refused(account: Account, method: str) -> None:
    list_page = getattr(account.owner, method)
    for size in (-1, 0, 1001):
        message = await refused_with("INVALID_REQUEST", list_page(page_size=size))
        assert message == "page_size must be 1 to 1000"
    for token in ("", "?", "abc", "b3BzAA", "é", "x" * 5000):
        message = await refused_with("INVALID_REQUEST", list_page(page_token=token))
        assert message.startswith("page_token must be")
