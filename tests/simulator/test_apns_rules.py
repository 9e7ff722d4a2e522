"""What APNs checks, and how it answers."""

import time
import uuid

import pytest

from tests.simulator.conftest import Handset
from tests.simulator.process import SimulatorProcess, eventually
from tests.simulator.sender import TOPIC, Sender, provider_token

LIVE = {"apns_push_type": "liveactivity", "apns_topic": f"{TOPIC}.push-type.liveactivity"}


async def test_an_accepted_push_is_one_headers_frame_that_echoes_the_apns_id(sender: Sender, handset: Handset) -> None:
    apns_id = str(uuid.uuid4())
    async with sender:
        answer = await sender.push(handset.push_token, apns_id=apns_id)
    assert answer.headers == [{":status": "200", "apns-id": apns_id}]
    assert answer.ended_by_headers
    assert answer.data == []


async def test_an_error_is_headers_and_one_data_frame_with_the_reason(sender: Sender) -> None:
    apns_id = str(uuid.uuid4())
    async with sender:
        answer = await sender.push("ab" * 32, apns_id=apns_id)
    assert answer.headers == [{":status": "400", "apns-id": apns_id, "content-type": "application/json"}]
    assert answer.data == [b'{"reason":"BadDeviceToken"}']


async def test_a_push_without_an_apns_id_gets_one(sender: Sender, handset: Handset) -> None:
    async with sender:
        answer = await sender.push(handset.push_token, apns_id=None)
    assert uuid.UUID(answer.headers[0]["apns-id"])


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"apns_id": "not-a-uuid"}, 400, "BadMessageId"),
        ({"apns_id": str(uuid.uuid4()).upper()}, 400, "BadMessageId"),
        ({"_method": "GET"}, 405, "MethodNotAllowed"),
        ({"apns_topic": None}, 400, "MissingTopic"),
        ({"apns_topic": "not a topic"}, 400, "BadTopic"),
        ({"apns_topic": "com.example.other"}, 400, "DeviceTokenNotForTopic"),
        ({"apns_collapse_id": "x" * 65}, 400, "BadCollapseId"),
        ({"apns_expiration": "soon"}, 400, "BadExpirationDate"),
        ({"apns_priority": "7"}, 400, "BadPriority"),
        ({"apns_push_type": "background", "apns_priority": "10"}, 400, "BadPriority"),
        ({"apns_push_type": "shout"}, 400, "InvalidPushType"),
        ({"_path": "/4/device/ab"}, 404, "BadPath"),
        ({"_path": "/3/device/"}, 400, "MissingDeviceToken"),
        ({"_path": "/3/device/xyz"}, 400, "BadDeviceToken"),
        (LIVE, 400, "DeviceTokenNotForTopic"),
        ({"authorization": None}, 403, "MissingProviderToken"),
        ({"authorization": "bearer x.y.z"}, 403, "InvalidProviderToken"),
        ({"body": b""}, 400, "PayloadEmpty"),
        ({"body": b"[1]"}, 400, "PayloadEmpty"),
        ({"body": b"{}"}, 400, "PayloadEmpty"),
        ({"body": b'{"aps":NaN}'}, 400, "PayloadEmpty"),
        ({"body": b'{"aps":"\xff"}'}, 400, "PayloadEmpty"),
        ({"body": b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}"}, 400, "PayloadEmpty"),
        ({"body": b'{"aps":"' + b"x" * 4087 + b'"}'}, 413, "PayloadTooLarge"),
        ({"body": b'{"aps":"' + b"x" * 60_000 + b'"}'}, 413, "PayloadTooLarge"),
    ],
)
async def test_a_wrong_request_gets_apples_reason(
    sender: Sender, handset_of_many: Handset, change: dict[str, str | None], status: int, reason: str
) -> None:
    async with sender:
        answer = await sender.push(handset_of_many.push_token, **change)
        assert (answer.status, answer.document) == (status, {"reason": reason})
        after = await sender.push(handset_of_many.push_token)
    assert after.status == 200


async def test_a_body_of_exactly_4096_bytes_is_accepted(sender: Sender, handset: Handset) -> None:
    async with sender:
        answer = await sender.push(handset.push_token, b'{"aps":"' + b"x" * 4086 + b'"}')
    assert answer.status == 200


async def test_a_header_given_twice_is_refused(sender: Sender, handset: Handset) -> None:
    async with sender:
        await sender.push(handset.push_token)
        headers = [
            (":method", "POST"), (":scheme", "https"), (":authority", "localhost"),
            (":path", f"/3/device/{handset.push_token}"), ("authorization", f"bearer {sender.token}"),
            ("apns-topic", TOPIC), ("apns-topic", TOPIC),
        ]  # fmt: skip
        answer = sender.answers[sender.send(headers, b'{"aps":{}}')]
        await sender.until(lambda: answer.ended)
    assert answer.document == {"reason": "DuplicateHeaders"}


async def test_the_sender_is_judged_before_a_token_that_no_phone_has(sender: Sender) -> None:
    async with sender:
        told = [
            (await sender.push("ab" * 32, **change)).document["reason"]
            for change in ({"authorization": "bearer wrong"}, {"apns_topic": "com.example.other"}, {})
        ]
    assert told == ["InvalidProviderToken", "TopicDisallowed", "BadDeviceToken"]


async def test_a_topic_of_another_app_is_disallowed(simulator: SimulatorProcess, sender: Sender) -> None:
    simulator.faults(settings={"accept_unknown_tokens": True})
    async with sender:
        answer = await sender.push("ab" * 32, apns_topic="com.example.other")
    assert answer.document == {"reason": "TopicDisallowed"}


async def test_a_push_to_start_token_takes_live_activities_and_no_alerts(sender: Sender, handset: Handset) -> None:
    async with sender:
        started = await sender.push(handset.push_to_start_token, {"aps": {"event": "start"}}, **LIVE)
        alerted = await sender.push(handset.push_to_start_token)
    assert started.status == 200
    assert alerted.document == {"reason": "DeviceTokenNotForTopic"}


async def test_a_token_may_be_written_in_upper_case(sender: Sender, handset: Handset) -> None:
    async with sender:
        assert (await sender.push(handset.push_token.upper())).status == 200


async def test_one_stream_is_allowed_until_a_valid_token_was_seen_and_then_1000(
    sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.until(lambda: sender.settings)
        assert sender.limit == 1
        await sender.push(handset.push_token, authorization="bearer wrong")
        assert sender.limit == 1
        await sender.push("ab" * 32)
        await sender.until(lambda: sender.limit == 1000)
        await sender.push(handset.push_token)
        assert len(sender.settings) == 2


async def test_alpn_is_offered_but_not_required(simulator: SimulatorProcess, handset: Handset) -> None:
    for alpn, chosen in ((True, "h2"), (False, None)):
        async with Sender(simulator.apns_port, simulator.folder, alpn=alpn) as sender:
            assert sender.alpn == chosen
            assert (await sender.push(handset.push_token)).status == 200


async def test_more_streams_than_allowed_end_the_connection(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(settings={"latency_seconds": 600})
    async with sender:
        await sender.until(lambda: sender.settings)
        del sender.h2.remote_settings[3]
        sender.post(handset.push_token)
        sender.post(handset.push_token)
        await sender.until(lambda: sender.closed)
    assert simulator.stats()["protocol_errors"] == 1


async def test_an_expired_provider_token_is_refused_and_a_moved_clock_makes_one_expire(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        old = f"bearer {provider_token(simulator.folder, iat=time.time() - 3700)}"
        assert (await sender.push(handset.push_token, authorization=old)).document["reason"] == "ExpiredProviderToken"
        assert (await sender.push(handset.push_token)).status == 200
        simulator.faults(settings={"clock_offset_seconds": 3700})
        assert (await sender.push(handset.push_token)).document["reason"] == "ExpiredProviderToken"
        simulator.faults(settings={"clock_offset_seconds": 0, "wedge_after_expired_token": True})
        answer = await sender.push(handset.push_token)
        assert (answer.status, answer.document["reason"]) == (403, "ExpiredProviderToken")


async def test_a_provider_token_of_the_future_is_invalid(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        soon = f"bearer {provider_token(simulator.folder, iat=time.time() + 1800)}"
        answer = await sender.push(handset.push_token, authorization=soon)
        assert (answer.status, answer.document["reason"]) == (403, "InvalidProviderToken")
        assert (await sender.push(handset.push_token)).status == 200


@pytest.mark.parametrize(("kid", "iss"), [("UNKNOWNKEY", "SIMULATED1"), ("SIMULATOR1", "OTHERTEAM1")])
async def test_a_token_of_an_unknown_key_or_team_is_invalid(
    simulator: SimulatorProcess, sender: Sender, handset: Handset, kid: str, iss: str
) -> None:
    async with sender:
        header = f"bearer {provider_token(simulator.folder, kid=kid, iss=iss)}"
        answer = await sender.push(handset.push_token, authorization=header)
    assert (answer.status, answer.document["reason"]) == (403, "InvalidProviderToken")


async def test_a_token_renewed_within_20_minutes_is_one_too_many(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    now = time.time()
    tokens = [f"bearer {provider_token(simulator.folder, iat=now - age)}" for age in (1800, 1795, 0)]
    async with sender:
        answers = [await sender.push(handset.push_token, authorization=one) for one in (*tokens, tokens[0])]
    assert [answer.status for answer in answers] == [200, 429, 200, 200]
    assert answers[1].document["reason"] == "TooManyProviderTokenUpdates"
    assert simulator.stats()["distinct_provider_tokens"] == 2


async def test_a_burst_is_answered_completely_and_counted(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token)
        await sender.until(lambda: sender.limit == 1000)
        simulator.faults(settings={"latency_seconds": 60})
        apns_id = str(uuid.uuid4())
        streams = [sender.post(handset.push_token, apns_id=apns_id) for _ in range(200)]
        await eventually(lambda: simulator.stats()["streams_open"] == 200)
        simulator.faults(connections={"action": "answer"})
        await sender.until(lambda: all(sender.answers[stream].ended for stream in streams))
        assert {sender.answers[stream].status for stream in streams} == {200}
    stats = simulator.stats()
    assert (stats["accepted"], stats["rejected"], stats["duplicates_by_apns_id"]) == (201, 0, 199)
    assert stats["peak_streams"] == 200
    assert stats["streams_open"] == 0


async def test_timestamps_that_do_not_rise_are_counted(simulator: SimulatorProcess, sender: Sender) -> None:
    simulator.faults(settings={"accept_unknown_tokens": True})
    async with sender:
        for timestamp in (10, 11, 11, 5, 12):
            await sender.push("cd" * 32, {"aps": {"event": "update", "timestamp": timestamp}}, **LIVE)
    stats = simulator.stats()
    assert (stats["timestamps_backwards"], stats["timestamps_repeated"], stats["live_activity_updates"]) == (1, 1, 5)


async def test_requests_are_kept_newest_first_as_they_were_sent(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await sender.push(handset.push_token, {"aps": {"alert": "é"}}, apns_collapse_id="first")
        await sender.push(handset.push_token, b"", apns_collapse_id="second")
    kept = simulator.http.get("/apns/requests", params={"token": handset.push_token, "limit": 2}).json()["requests"]
    assert [one["headers"]["apns-collapse-id"] for one in kept] == ["second", "first"]
    assert [(one["status"], one["reason"]) for one in kept] == [(400, "PayloadEmpty"), (200, None)]
    assert kept[1]["body"] == '{"aps": {"alert": "\\u00e9"}}'
    assert kept[1]["headers"][":path"] == f"/3/device/{handset.push_token}"
    assert kept[1]["headers"]["authorization"] == f"bearer {sender.token}"


async def test_a_sender_that_vanishes_leaves_nothing_open(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(tokens={handset.push_token: [{"action": "mute"}]})
    async with sender:
        await sender.until(lambda: sender.settings)
        sender.post(handset.push_token)
        await eventually(lambda: simulator.stats()["streams_open"] == 1)
    await eventually(lambda: not simulator.stats()["streams_open"] and not simulator.stats()["connections_open"])
