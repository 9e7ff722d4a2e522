"""Each fault does what it says, and nothing is left of it after a reset."""

import asyncio
import json
import time
import uuid

import pytest
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from tests.simulator.conftest import Handset
from tests.simulator.process import SimulatorProcess, eventually
from tests.simulator.sender import Sender
from tests.waiting import LONG


async def ready(sender: Sender, handset: Handset) -> None:
    """Brings the connection past its first request."""
    assert (await sender.push(handset.push_token)).status == 200
    await sender.until(lambda: sender.limit == 1000)


async def test_a_script_is_used_up_step_by_step_and_its_last_step_stays(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    steps = [
        {"status": 429, "reason": "TooManyRequests"},
        {},
        {"status": 410, "reason": "Unregistered", "timestamp": 5},
    ]
    simulator.faults(tokens={handset.push_token: steps})
    async with sender:
        answers = [await sender.push(handset.push_token) for _ in range(4)]
        assert [answer.status for answer in answers] == [429, 200, 410, 410]
        assert answers[3].document == {"reason": "Unregistered", "timestamp": 5}
        simulator.faults(tokens={handset.push_token: []})
        assert (await sender.push(handset.push_token)).status == 200


async def test_each_token_goes_through_the_script_for_all_on_its_own(
    simulator: SimulatorProcess, sender: Sender
) -> None:
    own = "ef" * 32
    simulator.faults(
        tokens={"*": [{"status": 503, "reason": "Shutdown"}, {}], own: [{}]}, settings={"accept_unknown_tokens": True}
    )
    async with sender:
        statuses = [(await sender.push(token)).status for token in ("aa" * 32, "bb" * 32, "aa" * 32, own, "bb" * 32)]
    assert statuses == [503, 503, 200, 200, 200]


async def test_a_muted_request_is_never_answered_and_its_neighbours_are(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await ready(sender, handset)
        simulator.faults(tokens={handset.push_token: [{"action": "mute"}, {}]})
        mute = sender.answers[sender.post(handset.push_token)]
        assert (await sender.push(handset.push_token)).status == 200
        assert not mute.headers
    newest = simulator.http.get("/apns/requests", params={"token": handset.push_token}).json()["requests"]
    assert [one["status"] for one in newest] == [200, None, 200]


@pytest.mark.parametrize("code", ["REFUSED_STREAM", "INTERNAL_ERROR", "CANCEL"])
async def test_a_stream_can_be_reset(
    simulator: SimulatorProcess, sender: Sender, handset_of_many: Handset, code: str
) -> None:
    simulator.faults(tokens={handset_of_many.push_token: [{"action": "reset", "code": code}, {}]})
    async with sender:
        assert (await sender.push(handset_of_many.push_token)).reset == ErrorCodes[code]
        assert (await sender.push(handset_of_many.push_token)).status == 200
    assert simulator.stats()["accepted"] == 1


@pytest.mark.parametrize(
    ("step", "data"),
    [
        ({"status": 503, "body": "empty"}, []),
        ({"body": "empty_data"}, [b""]),
        ({"status": 503, "reason": "Shutdown", "body": "split"}, [b'{"reason":', b'"Shutdown"}']),
        ({"status": 502, "body": "html"}, [b"<html><body><h1>502 Bad Gateway</h1></body></html>"]),
    ],
)
async def test_bodies_that_apns_would_not_send(
    simulator: SimulatorProcess,
    sender: Sender,
    handset_of_many: Handset,
    step: dict[str, object],
    data: list[bytes],
) -> None:
    simulator.faults(tokens={handset_of_many.push_token: [step]})
    async with sender:
        answer = await sender.push(handset_of_many.push_token)
    assert (answer.status, answer.data) == (step.get("status", 200), data)
    assert answer.ended_by_headers == (step["body"] == "empty")


async def test_the_apns_id_can_come_back_in_upper_case(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(tokens={handset.push_token: [{"apns_id": "upper"}]})
    apns_id = str(uuid.uuid4())
    async with sender:
        answer = await sender.push(handset.push_token, apns_id=apns_id)
    assert answer.headers[0]["apns-id"] == apns_id.upper()


async def test_an_answer_can_come_twice(simulator: SimulatorProcess, sender: Sender, handset: Handset) -> None:
    simulator.faults(tokens={handset.push_token: [{"action": "duplicate"}]})
    async with sender:
        await sender.until(lambda: sender.settings)
        sender.post(handset.push_token)
        # h2 itself objects to the second answer: that is how we know it came.
        await sender.until(lambda: sender.closed)
        error = sender.reading_error()
    assert isinstance(error, ProtocolError)
    assert simulator.stats()["accepted"] == 1


async def test_a_late_answer_belongs_to_a_push_that_arrived_at_once(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(tokens={handset.push_token: [{"delay_seconds": 600}, {"delay_seconds": 0.5}]})
    async with sender:
        await sender.until(lambda: sender.settings)
        answer = sender.answers[sender.post(handset.push_token)]
        await eventually(lambda: simulator.phone(handset.id)["notifications"])
        assert not answer.ended
        simulator.faults(connections={"action": "answer"})
        await sender.until(lambda: answer.ended)
        start = time.monotonic()
        await sender.push(handset.push_token)
        # Its clock counts whole milliseconds.
        assert time.monotonic() - start >= 0.49


async def test_latency_delays_the_verdict(simulator: SimulatorProcess, sender: Sender, handset: Handset) -> None:
    simulator.faults(settings={"latency_seconds": 0.2, "latency_jitter_seconds": 0.05})
    async with sender:
        await sender.until(lambda: sender.settings)
        start = time.monotonic()
        await sender.push(handset.push_token)
        # Its clock counts whole milliseconds.
        assert 0.19 <= time.monotonic() - start < LONG


async def test_what_waits_for_its_verdict_or_its_answer_is_answered_when_told(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await ready(sender, handset)
        simulator.faults(tokens={handset.push_token: [{}, {"delay_seconds": 60}]}, settings={"latency_seconds": 60})
        answers = [sender.answers[sender.post(handset.push_token)] for _ in range(3)]
        await eventually(lambda: simulator.stats()["streams_open"] == 3)
        assert not any(answer.ended for answer in answers)
        simulator.faults(connections={"action": "answer"})
        await sender.until(lambda: all(answer.ended for answer in answers))
        assert [answer.status for answer in answers] == [200, 200, 200]
        simulator.faults(connections={"action": "answer"})


async def test_the_limit_can_rise_before_or_after_the_first_answer(
    simulator: SimulatorProcess, handset: Handset
) -> None:
    for before, order in ((True, ["settings", "settings", "answer"]), (False, ["settings", "answer", "settings"])):
        simulator.faults(settings={"settings_before_answer": before})
        async with Sender(simulator.apns_port, simulator.folder) as sender:
            await ready(sender, handset)
            assert sender.order == order


async def test_the_first_settings_can_come_late_or_never_and_say_other_limits(
    simulator: SimulatorProcess, handset: Handset
) -> None:
    simulator.faults(settings={"first_settings_delay_seconds": 0.3, "initial_streams": 7, "initial_window": 1000})
    async with Sender(simulator.apns_port, simulator.folder) as sender:
        start = time.monotonic()
        await sender.until(lambda: sender.settings)
        assert time.monotonic() - start > 0.2
        assert sender.limit == 7
        assert sender.settings[0][SettingCodes.INITIAL_WINDOW_SIZE] == 1000
        assert (await sender.push(handset.push_token)).status == 200
    simulator.faults(settings={"mute_settings": True})
    async with Sender(simulator.apns_port, simulator.folder) as sender:
        with pytest.raises(TimeoutError):
            await sender.until(lambda: sender.settings or sender.closed, 0.3)


async def test_an_error_can_bring_the_limit_down_to_one_until_the_next_success(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(settings={"drop_to_one_after_error": True})
    async with sender:
        await ready(sender, handset)
        await sender.push("ab" * 32)
        await sender.until(lambda: sender.limit == 1)
        await sender.push(handset.push_token)
        await sender.until(lambda: sender.limit == 1000)


async def test_withheld_window_updates_stop_a_sender_after_64_kb(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(settings={"withhold_window_updates": True})
    async with sender:
        await ready(sender, handset)
        before = sender.h2.outbound_flow_control_window
        await sender.push(handset.push_token)
        assert sender.h2.outbound_flow_control_window < before
    simulator.faults(settings={"withhold_window_updates": False})
    async with Sender(simulator.apns_port, simulator.folder) as other:
        for _ in range(40):
            await other.push(handset.push_token, {"aps": {"alert": "x" * 3000}})


async def test_a_goaway_names_the_last_stream_and_answers_up_to_it(
    simulator: SimulatorProcess, handset: Handset
) -> None:
    for last_stream, answered in (("all", 10), ("half", 5), ("none", 0)):
        simulator.faults(settings={"latency_seconds": 0})
        async with Sender(simulator.apns_port, simulator.folder) as sender:
            await ready(sender, handset)
            simulator.http.delete("/apns/stats")
            simulator.faults(settings={"latency_seconds": 60})
            streams = [sender.post(handset.push_token) for _ in range(10)]
            await eventually(lambda: simulator.stats()["streams_open"] == 10)
            simulator.faults(connections={"action": "goaway", "last_stream": last_stream})
            await sender.until(lambda: sender.goaway)
            simulator.faults(connections={"action": "answer"})
            await sender.until(lambda: sender.closed)
            assert sender.goaway is not None
            assert json.loads(sender.goaway.additional_data or b"") == {"reason": "Shutdown"}
            assert sender.goaway.last_stream_id == (streams[answered - 1] if answered else 0)
            assert [sender.answers[stream].ended for stream in streams] == [True] * answered + [False] * (10 - answered)
        assert simulator.stats()["accepted"] == answered


async def test_a_goaway_can_leave_its_promise_unkept(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await ready(sender, handset)
        simulator.faults(settings={"latency_seconds": 60})
        answer = sender.answers[sender.post(handset.push_token)]
        await eventually(lambda: simulator.stats()["streams_open"] == 1)
        simulator.faults(connections={"action": "goaway", "answer_rest": False})
        await sender.until(lambda: sender.closed)
        assert not answer.ended


async def test_all_connections_can_be_reset_silenced_or_limited(simulator: SimulatorProcess, handset: Handset) -> None:
    async with Sender(simulator.apns_port, simulator.folder) as sender:
        await ready(sender, handset)
        simulator.faults(connections={"action": "set_streams", "value": 3})
        await sender.until(lambda: sender.limit == 3)
        simulator.faults(connections={"action": "reset"})
        await sender.until(lambda: sender.closed)
        assert sender.order[-1] == "connection reset"
    async with Sender(simulator.apns_port, simulator.folder) as sender:
        await ready(sender, handset)
        simulator.faults(connections={"action": "silence"})
        answer = sender.answers[sender.post(handset.push_token)]
        with pytest.raises(TimeoutError):
            await sender.until(lambda: answer.ended or sender.closed, 0.3)


async def test_connections_can_be_refused_and_accepted_again(simulator: SimulatorProcess, handset: Handset) -> None:
    simulator.faults(settings={"refuse_connections": True})
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", simulator.apns_port)
    simulator.http.delete("/apns/faults")
    async with Sender(simulator.apns_port, simulator.folder) as sender:
        assert (await sender.push(handset.push_token)).status == 200


async def test_tls_can_stay_mute(simulator: SimulatorProcess) -> None:
    simulator.faults(settings={"mute_tls": True})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3), Sender(simulator.apns_port, simulator.folder):
            pass


async def test_a_storm_of_connections_is_reset(simulator: SimulatorProcess) -> None:
    simulator.faults(settings={"reset_connections_per_minute": 0})
    with pytest.raises(ConnectionError):
        async with Sender(simulator.apns_port, simulator.folder):
            pass


@pytest.mark.parametrize(
    ("setting", "verdict"),
    [("wrong_environment", (400, "BadDeviceToken")), ("revoke_key", (403, "InvalidProviderToken"))],
)
async def test_a_wrong_environment_and_a_revoked_key_refuse_everything_until_restored(
    simulator: SimulatorProcess, sender: Sender, handset_of_many: Handset, setting: str, verdict: tuple[int, str]
) -> None:
    async with sender:
        simulator.faults(settings={setting: True})
        answer = await sender.push(handset_of_many.push_token)
        assert (answer.status, answer.document["reason"]) == verdict
        simulator.faults(settings={setting: False})
        assert (await sender.push(handset_of_many.push_token)).status == 200


async def test_too_many_requests_for_one_token_are_refused(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    simulator.faults(settings={"rate_cap_per_token_per_minute": 2, "accept_unknown_tokens": True})
    async with sender:
        statuses = [(await sender.push(handset.push_token)).status for _ in range(5)]
        assert (await sender.push("ab" * 32)).status == 200
    # A minute may end in between, once.
    assert statuses.count(429) >= 1
    assert statuses[:2] == [200, 200]


async def test_an_idle_connection_is_closed_with_a_goaway(
    simulator: SimulatorProcess, sender: Sender, handset: Handset
) -> None:
    async with sender:
        await ready(sender, handset)
        simulator.faults(settings={"idle_close_seconds": 0.2})
        await sender.until(lambda: sender.closed)
        assert sender.goaway is not None
        assert json.loads(sender.goaway.additional_data or b"") == {"reason": "IdleTimeout"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"settings": {"latency": 1}}, "settings.latency"),
        ({"settings": {"latency_seconds": "1"}}, "settings.latency_seconds"),
        ({"settings": {"latency_seconds": -1}}, "settings.latency_seconds"),
        ({"tokens": {"*": [{"status": 99}]}}, "tokens.*.0.status"),
        ({"tokens": {"*": [{"sleep": 1}]}}, "tokens.*.0.sleep"),
        ({"tokens": {"*": {}}}, "tokens.*"),
        ({"connections": {"action": "explode"}}, "connections.action"),
    ],
)
def test_a_wrong_fault_is_refused_by_name_and_changes_nothing(
    simulator: SimulatorProcess, body: dict[str, object], named: str
) -> None:
    before = simulator.http.get("/apns/faults").json()
    response = simulator.http.post("/apns/faults", json=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith(f"{named}: ")
    assert simulator.http.get("/apns/faults").json() == before
