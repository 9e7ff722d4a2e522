"""What APNs checks of requests for broadcast channels, and what phones that listen make of broadcasts."""

import base64
import os
from typing import Any

import pytest

from tests.simulator.live import LivePhone, change, tick
from tests.simulator.sender import TOPIC, Answer, Sender

MANAGE = {"_path": f"/1/apps/{TOPIC}/channels", "apns_topic": None, "apns_push_type": None, "apns_id": None}
GOOD = {"message-storage-policy": 1, "push-type": "LiveActivity"}
UNKNOWN = base64.b64encode(b"made by no server").decode()


async def create(sender: Sender, policy: int = 1) -> str:
    """The id of a new channel."""
    answer = await sender.push("", GOOD | {"message-storage-policy": policy}, **MANAGE)
    assert answer.status == 201
    assert answer.ended_by_headers
    return answer.headers[0]["apns-channel-id"]


async def broadcast(sender: Sender, channel_id: str | None, body: object = None, **headers: str | None) -> Answer:
    """The answer to a broadcast."""
    usual: dict[str, str | None] = {
        "_path": f"/4/broadcasts/apps/{TOPIC}",
        "apns_topic": None,
        "apns_id": None,
        "apns_push_type": "liveactivity",
        "apns_channel_id": channel_id,
    }
    return await sender.push("", body, **usual | headers)


async def test_a_channel_can_be_read_listed_and_deleted(sender: Sender) -> None:
    async with sender:
        channel_id = await create(sender)
        read = await sender.push("", b"", **MANAGE | {"_method": "GET", "apns_channel_id": channel_id})
        assert read.document == GOOD
        path = {"_method": "GET", "_path": f"/1/apps/{TOPIC}/all-channels"}
        listed = await sender.push("", b"", **MANAGE | path)
        assert channel_id in listed.document["channels"]
        gone = await sender.push("", b"", **MANAGE | {"_method": "DELETE", "apns_channel_id": channel_id})
        assert gone.status == 204
        again = await sender.push("", b"", **MANAGE | {"_method": "DELETE", "apns_channel_id": channel_id})
    assert again.document == {"reason": "ChannelNotRegistered"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        ({"push-type": "LiveActivity"}, {}, 400, "MissingChannelQueueSize"),
        (GOOD | {"message-storage-policy": 2}, {}, 400, "MissingChannelQueueSize"),
        (GOOD | {"push-type": "alert"}, {}, 400, "InvalidPushType"),
        (b"[1]", {}, 400, "BadRequestPayload"),
        (b"", {}, 400, "BadRequestPayload"),
        (GOOD, {"apns_request_id": "1"}, 400, "BadMessageId"),
        (GOOD, {"authorization": None}, 403, "MissingProviderToken"),
        (GOOD, {"_path": "/1/apps/com.example.other/channels"}, 400, "TopicDisallowed"),
        (GOOD, {"_method": "PUT"}, 405, "MethodNotAllowed"),
        (b"", {"_method": "GET"}, 400, "MissingChannelId"),
        (b"", {"_method": "DELETE", "apns_channel_id": "?"}, 400, "BadChannelId"),
    ],
)
async def test_a_wrong_request_for_a_channel_gets_apples_reason(
    sender: Sender, body: object, headers: dict[str, str | None], status: int, reason: str
) -> None:
    async with sender:
        answer = await sender.push("", body, **MANAGE | headers)
    assert (answer.status, answer.document) == (status, {"reason": reason})


@pytest.mark.parametrize(
    ("headers", "status", "reason"),
    [
        ({"apns_channel_id": None}, 400, "MissingChannelId"),
        ({"apns_channel_id": UNKNOWN}, 400, "ChannelNotRegistered"),
        ({"apns_push_type": None}, 400, "MissingPushType"),
        ({"apns_push_type": "alert"}, 400, "InvalidPushType"),
        ({"apns_priority": "7"}, 400, "BadPriority"),
        ({"apns_expiration": "soon"}, 400, "BadExpirationDate"),
        ({"body": b""}, 400, "PayloadEmpty"),
        ({"body": b'{"aps":"' + b"x" * 5111 + b'"}'}, 413, "PayloadTooLarge"),
    ],
)
async def test_a_wrong_broadcast_gets_apples_reason(
    sender: Sender, headers: dict[str, Any], status: int, reason: str
) -> None:
    async with sender:
        channel_id = await create(sender)
        answer = await broadcast(sender, channel_id, **headers)
    assert (answer.status, answer.document) == (status, {"reason": reason})


async def test_a_channel_that_keeps_nothing_takes_no_expiration(sender: Sender) -> None:
    async with sender:
        channel_id = await create(sender, policy=0)
        refused = await broadcast(sender, channel_id, apns_expiration="1900000000")
        taken = await broadcast(sender, channel_id, apns_expiration="0")
    assert refused.document == {"reason": "BadExpirationDate"}
    assert taken.status == 200


async def test_a_card_that_listens_has_no_token_and_is_told_by_broadcast(live: LivePhone) -> None:
    channel_id = await create(live.sender)
    await live.start(input_push_token=None, input_push_channel=channel_id)
    card = live.card()
    assert (card["channel_id"], card["update_token"]) == (channel_id, None)
    await broadcast(live.sender, channel_id, change(title="Newer"))
    assert live.card()["content_state"]["title"] == "Newer"
    await broadcast(live.sender, channel_id, change("end", title="Over"))
    assert live.card()["state"] == "ended"
    await broadcast(live.sender, channel_id, change(title="Too late"))
    assert live.card()["content_state"]["title"] == "Over"


@pytest.mark.parametrize("expiration", ["0", "4000000000"], ids=["not kept", "kept"])
async def test_a_phone_that_is_off_gets_what_the_channel_keeps(live: LivePhone, expiration: str) -> None:
    channel_id = await create(live.sender)
    await live.start(input_push_token=None, input_push_channel=channel_id)
    live.settings(offline=True, catches_up=False)
    for title in ("First", "Second"):
        await broadcast(live.sender, channel_id, change(title=title), apns_expiration=expiration)
    live.settings(offline=False)
    kept = expiration != "0"
    assert live.card()["content_state"]["title"] == ("Second" if kept else "T")
    assert live.dropped().get("offline_not_stored", 0) == (0 if kept else 2)


async def test_one_that_begins_to_listen_too_late_gets_what_the_channel_keeps(live: LivePhone) -> None:
    channel_id = await create(live.sender)
    older = tick()
    await broadcast(live.sender, channel_id, change(title="Newer"), apns_expiration="4000000000")
    await live.start(timestamp=older, input_push_token=None, input_push_channel=channel_id)
    assert live.card()["content_state"]["title"] == "Newer"


async def test_an_ios_before_18_does_not_start_what_is_to_listen(live: LivePhone) -> None:
    new = {"pairing_code": "c", "name": os.urandom(8).hex(), "os_version": "17.6"}
    older = LivePhone(live.simulator, live.sender, live.simulator.http.post("/phones", json=new).json(), live.account)
    channel_id = await create(live.sender)
    await older.start(input_push_token=None, input_push_channel=channel_id)
    assert older.cards() == []
    assert older.dropped() == {"os_too_old": 1}
