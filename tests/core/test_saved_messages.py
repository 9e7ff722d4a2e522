"""Messages that people of an account keep under a name."""

import json

import pytest
from smith.core.v1.json_object_pb2 import JsonObject

from core_service.saved_messages.service import MAX_BYTES, MOST
from tests.core.harness import Account, refusal, refused_with, start_account


def body(**fields: object) -> JsonObject:
    """Of a push."""
    return JsonObject(json=json.dumps(fields))


async def names(account: Account) -> list[str]:
    """Of the account's messages."""
    return [one.name for one in (await account.owner.ListSavedMessages()).saved_messages]


async def test_a_message_is_kept_under_its_name_and_replaced_by_one_of_the_same_name(account: Account) -> None:
    _, member = await account.add_member()
    first = (await member.SaveMessage(name=" Standup ", notification=body(title="Standup", badge=10**15))).saved_message
    assert (first.name, first.notification.json) == ("Standup", '{"title": "Standup", "badge": 1000000000000000}')
    second = (await account.owner.SaveMessage(name="Standup", notification=body(title="In 5 minutes"))).saved_message
    assert (second.id, second.notification.json) == (first.id, '{"title": "In 5 minutes"}')
    assert second.updated_at.ToNanoseconds() > first.updated_at.ToNanoseconds()
    await account.owner.SaveMessage(name="Alarm", notification=body(title="Alarm"))
    assert await names(account) == ["Alarm", "Standup"]
    await member.DeleteSavedMessage(saved_message_id=first.id)
    assert await names(account) == ["Alarm"]
    assert (await refusal(member.DeleteSavedMessage(saved_message_id=first.id))).reason == "NOT_FOUND"


async def test_another_account_neither_sees_nor_deletes_it(account: Account) -> None:
    other = await start_account(account.core, "Other")
    kept = (await account.owner.SaveMessage(name="Ours", notification=body(title="x"))).saved_message
    await other.owner.SaveMessage(name="Ours", notification=body(title="theirs"))
    assert [one.notification.json for one in (await other.owner.ListSavedMessages()).saved_messages] == [
        '{"title": "theirs"}'
    ]
    assert (await refusal(other.owner.DeleteSavedMessage(saved_message_id=kept.id))).reason == "NOT_FOUND"
    assert await names(account) == ["Ours"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("[]", "notification must be a JSON object"),
        ("{", "notification must be valid JSON"),
        (
            json.dumps({"title": "é" * (MAX_BYTES // 2)}, ensure_ascii=False),
            "notification must be at most 16384 bytes",
        ),
    ],
)
async def test_what_is_no_message_is_refused(account: Account, written: str, told: str) -> None:
    save = account.owner.SaveMessage(name="x", notification=JsonObject(json=written))
    assert await refused_with("INVALID_REQUEST", save) == told


async def test_an_account_may_have_so_many_and_may_still_replace_them(account: Account) -> None:
    await account.core.sql(
        """
        INSERT INTO saved_messages (id, account_id, name, notification, updated_at)
        SELECT gen_random_uuid(), %s, 'message ' || i, '{}', now() FROM generate_series(1, %s) i
        """,
        account.id,
        MOST,
    )
    error = await refusal(account.owner.SaveMessage(name="one too many", notification=body(title="x")))
    assert error.message == f"An account may have at most {MOST} saved messages. Delete one first."
    await account.owner.SaveMessage(name="message 7", notification=body(title="new"))
    assert len(await names(account)) == MOST
