"""API keys: made, listed, changed, revoked, and obeyed on the very next request."""

from typing import Any

import pytest
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_ALL, API_KEY_SCOPE_CHANNELS

from tests.core.harness import Account, Caller, outcomes, refusal, refused_with
from tests.waiting import eventually_async


async def reach(caller: Caller) -> str:
    """Which channels the key may reach, as the server says when no person is in them."""
    error = await refusal(caller.SendPushNotification(title="hello"))
    assert error.reason == "NO_RECIPIENTS", error
    return ",".join(error.facts["effective_channel_slugs"] or ["nobody"])


async def test_a_new_key_works_and_its_secret_is_shown_once(account: Account) -> None:
    made = await account.owner.CreateApiKey(name=" backend ")
    assert made.secret.startswith("ask_")
    assert made.secret.startswith(made.api_key.hint)
    assert len(made.api_key.hint) < 12
    assert (made.api_key.name, made.api_key.scope) == ("backend", API_KEY_SCOPE_ALL)
    assert not made.api_key.HasField("last_used_at")
    listed = (await account.owner.ListApiKeys()).api_keys
    assert list(listed) == [made.api_key]
    assert (await refusal(account.core.caller(made.secret).SendPushNotification(title="x"))).reason == "NO_RECIPIENTS"


async def test_a_key_is_restricted_to_channels_that_the_account_has(account: Account, stranger: Account) -> None:
    for slug in ("dev", "ops"):
        await account.add_channel(slug)
    await stranger.add_channel("theirs")
    key = await account.owner.CreateApiKey(name="k", scope=API_KEY_SCOPE_CHANNELS, channels=["ops", "dev", "ops"])
    assert key.api_key.channels == ["dev", "ops"]
    for unknown in ("nope", "theirs", "", "O\x00S", "a" * 5000):
        call = account.owner.CreateApiKey(name="k", scope=API_KEY_SCOPE_CHANNELS, channels=["ops", unknown])
        assert (await refused_with("INVALID_REQUEST", call)).startswith("channels[1] must be")


async def test_scope_and_channels_must_fit_each_other(account: Account) -> None:
    await account.add_channel("ops")
    create = account.owner.CreateApiKey
    refused: list[dict[str, Any]] = [
        {"channels": ["ops"]},
        {"channels": ["ops"], "scope": API_KEY_SCOPE_ALL},
        {"scope": API_KEY_SCOPE_CHANNELS},
        {"channels": ["ops"] * 1001, "scope": API_KEY_SCOPE_CHANNELS},
    ]
    for fields in refused:
        assert (await refused_with("INVALID_REQUEST", create(name="k", **fields))).startswith("channels must")
    key_id, _ = await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    many = [f"c-{number}" for number in range(70_000)]
    # More than a statement of PostgreSQL takes arguments, and the scope is not repeated.
    message = await refused_with("INVALID_REQUEST", account.owner.UpdateApiKey(api_key_id=key_id, channels=many))
    assert message == "channels must name at most 1000 channels"
    for scope in (0, 3, -1):
        message = await refused_with("INVALID_REQUEST", create(name="k", scope=scope))
        assert message == "scope must be `all` or `channels`"


@pytest.mark.parametrize("name", ["", " \t ", "x" * 101, "a\x00"])
async def test_a_name_that_breaks_the_rule_is_refused(account: Account, name: str) -> None:
    key_id, _ = await account.add_key()
    for call in (account.owner.CreateApiKey(name=name), account.owner.UpdateApiKey(api_key_id=key_id, name=name)):
        assert (await refused_with("INVALID_REQUEST", call)).startswith("name must ")
    assert [key.name for key in (await account.owner.ListApiKeys()).api_keys] == ["backend"]


async def test_a_revoked_key_is_refused_on_the_next_request_and_not_listed(account: Account) -> None:
    key_id, secret = await account.add_key()
    other_id, _ = await account.add_key()
    caller = account.core.caller(secret)
    assert (await refusal(caller.SendPushNotification(title="x"))).reason == "NO_RECIPIENTS"
    await account.owner.RevokeApiKey(api_key_id=key_id)
    assert (await refusal(caller.SendPushNotification(title="x"))).reason == "UNAUTHENTICATED"
    assert [key.id for key in (await account.owner.ListApiKeys()).api_keys] == [other_id]
    await refused_with("NOT_FOUND", account.owner.RevokeApiKey(api_key_id=key_id))
    await refused_with("NOT_FOUND", account.owner.UpdateApiKey(api_key_id=key_id, name="again"))


async def test_an_edited_scope_is_obeyed_on_the_next_request(account: Account) -> None:
    for slug in ("dev", "ops"):
        await account.add_channel(slug)
    key_id, secret = await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    caller, update = account.core.caller(secret), account.owner.UpdateApiKey
    assert await reach(caller) == "ops"
    await update(api_key_id=key_id, scope=API_KEY_SCOPE_CHANNELS, channels=["dev"])
    assert await reach(caller) == "dev"
    await update(api_key_id=key_id, channels=["dev", "ops"])
    assert await reach(caller) == "dev,ops"
    await update(api_key_id=key_id, name="renamed")
    assert await reach(caller) == "dev,ops"
    changed = (await update(api_key_id=key_id, scope=API_KEY_SCOPE_ALL)).api_key
    assert (changed.scope, changed.channels, changed.name) == (API_KEY_SCOPE_ALL, [], "renamed")
    assert "channels must be empty" in await refused_with(
        "INVALID_REQUEST", update(api_key_id=key_id, channels=["ops"])
    )


async def test_a_key_whose_last_channel_is_deleted_reaches_no_device(account: Account) -> None:
    await account.add_phone()
    channel_id = await account.add_channel("ops")
    key_id, secret = await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    await account.owner.DeleteChannel(channel_id=channel_id)
    assert await reach(account.core.caller(secret)) == "nobody"
    listed = (await account.owner.ListApiKeys()).api_keys[0]
    assert (listed.id, listed.scope, listed.channels) == (key_id, API_KEY_SCOPE_CHANNELS, [])


async def test_a_renamed_channel_keeps_its_keys(account: Account) -> None:
    channel_id = await account.add_channel("ops")
    _, secret = await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    await account.owner.UpdateChannel(channel_id=channel_id, slug="sre")
    assert await reach(account.core.caller(secret)) == "sre"


async def test_edits_and_deletions_at_once_all_get_an_answer(account: Account) -> None:
    channel_ids = [await account.add_channel(f"c{number}") for number in range(4)]
    key_id, _ = await account.add_key()
    update, delete = account.owner.UpdateApiKey, account.owner.DeleteChannel
    edits = [
        update(api_key_id=key_id, scope=API_KEY_SCOPE_CHANNELS, channels=[f"c{n % 4}", f"c{(n + 1) % 4}"])
        for n in range(12)
    ]
    codes = await outcomes(*edits, *(delete(channel_id=channel_id) for channel_id in channel_ids))
    assert set(codes) <= {"OK", "INVALID_ARGUMENT"}
    assert codes["OK"] >= 4


async def test_keys_are_listed_oldest_first_page_by_page(account: Account) -> None:
    made = [(await account.add_key())[0] for _ in range(5)]
    first = await account.owner.ListApiKeys(page_size=2)
    rest = await account.owner.ListApiKeys(page_size=3, page_token=first.next_page_token)
    assert [key.id for key in (*first.api_keys, *rest.api_keys)] == made
    assert not rest.HasField("next_page_token")


async def test_last_use_is_shown_within_some_seconds(account: Account) -> None:
    _, secret = await account.add_key()
    await refusal(account.core.caller(secret).SendPushNotification(title="x"))

    async def shown() -> bool:
        return bool((await account.owner.ListApiKeys()).api_keys[0].HasField("last_used_at"))

    await eventually_async("the last use is shown", shown)
