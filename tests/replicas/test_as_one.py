"""Two gateways, two cores and two delivery services behave as one."""

import concurrent.futures
import itertools
import secrets
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import httpx
import pytest
from smith.core.v1 import status_service_pb2, status_service_pb2_grpc

from tests.http_client import plain_http_client
from tests.replicas.direct import Watch, metadata_of, push_through
from tests.replicas.layout import PASSWORD, Layout
from tests.stack import PATIENCE
from tests.team import Team, push
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.thorough

JSON = dict[str, Any]
SETTINGS = PATIENCE
WAIT_SECONDS = float(PATIENCE["SMITH_DELIVERY_WAIT"])
FAN_OUT = 600
RESUMED_SECONDS = 2 * LONG


def at_both(layout: Layout, client: httpx.Client, **headers: str) -> list[httpx.Client]:
    """The same caller at either gateway."""
    authorization = client.headers.get("Authorization")
    if authorization:
        headers["Authorization"] = authorization
    return [plain_http_client(gateway, **headers) for gateway in layout.gateways]


def together(
    count: int, clients: list[httpx.Client], call: Callable[[httpx.Client], httpx.Response]
) -> list[httpx.Response]:
    """The answers to calls made at once, in turn at each of the clients."""
    barrier = threading.Barrier(count)

    def one(client: httpx.Client) -> httpx.Response:
        barrier.wait(LONG)
        return call(client)

    with concurrent.futures.ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, itertools.islice(itertools.cycle(clients), count)))


@pytest.fixture
def cores(layout: Layout) -> Iterator[list[grpc.Channel]]:
    """A channel to each core."""
    channels = [grpc.insecure_channel(address) for address in layout.cores]
    yield channels
    for channel in channels:
        channel.close()


def test_requests_of_an_account_are_counted_together_even_when_they_come_at_once(layout: Layout, team: Team) -> None:
    team.phone()
    first, second = at_both(layout, team.key())[0], at_both(layout, team.key())[1]
    team.ask("PATCH", "/api/account", rate_limit_per_minute=50)
    try:
        answers = together(80, [first, second], lambda key: push(key, title="counted"))
    finally:
        team.ask("PATCH", "/api/account", rate_limit_per_minute=1_000_000)
    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: 30}


@pytest.mark.parametrize(
    ("path", "guess"),
    [
        ("/api/sessions", {"email": "somebody@example.com", "password": "a wrong password"}),
        ("/api/device/pair", {"pairing_code": "AAAA-AAAA", "name": "a thief's"}),
    ],
    ids=["signing in", "pairing"],
)
def test_wrong_guesses_are_counted_together(layout: Layout, team: Team, path: str, guess: JSON) -> None:
    gateways = at_both(layout, team.anybody, **{"X-Forwarded-For": f"198.51.100.{secrets.randbelow(200)}"})
    answers = [gateway.post(path, json=guess) for gateway in gateways * 6]
    assert [answer.status_code == 429 for answer in answers] == [False] * 10 + [True] * 2


def test_watchers_of_one_core_hear_what_a_request_to_the_other_did(team: Team, cores: list[grpc.Channel]) -> None:
    slug, channel_id = team.channel()
    team.phone(channel_id=channel_id)
    metadata = metadata_of(team.key())
    with Watch(cores[0], metadata) as one, Watch(cores[1], metadata) as other:
        sent = sorted(push_through(core, metadata, slug) for core in cores * 3)
        for watch in (one, other):
            eventually("all are told once", lambda watch=watch: sorted(watch.heard), until=lambda heard: heard == sent)  # type: ignore[misc]


def test_what_both_cores_claim_is_sent_once(layout: Layout, team: Team) -> None:
    """Fan-outs, more than a request delivers itself, and single pushes at the same time."""
    slug, channel_id = team.channel()
    layout.add_devices(team, channel_id, FAN_OUT)
    single_slug, single_id = team.channel()
    phone = team.phone(channel_id=single_id)
    many, few = at_both(layout, team.key(slug)), at_both(layout, team.key(single_slug))
    before = layout.simulator.stats()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        fans = [threads.submit(push, gateway, title="to all") for gateway in many]
        singles = [threads.submit(push, few[number % 2], title=f"single {number}") for number in range(60)]
        answers = [call.result() for call in (*fans, *singles)]
    assert {answer.status_code for answer in answers} == {200}
    accepted = 2 * FAN_OUT + 60

    def sent() -> int:
        return layout.simulator.stats()["accepted"] - before["accepted"]

    eventually("all are sent", sent, until=lambda count: count >= accepted)
    eventually("nothing is owed", lambda: layout.owed() == 0)
    assert sent() == accepted
    assert layout.simulator.stats()["duplicates_by_apns_id"] == before["duplicates_by_apns_id"]
    assert sorted(phone.titles()) == sorted(f"single {number}" for number in range(60))


def test_a_key_that_is_edited_or_revoked_is_so_everywhere_at_once(layout: Layout, team: Team) -> None:
    (slug, channel_id), (empty, _) = team.channel(), team.channel()
    team.phone(channel_id=channel_id)
    made = team.ask("POST", "/api/api-keys", name=team.unique("key"), scope="channels", channels=[slug])
    gateways = at_both(layout, team.client(made["secret"]))
    path = f"/api/api-keys/{made['api_key']['id']}"

    def statuses() -> set[int]:
        return {push(gateway, title="still here?").status_code for gateway in gateways * 4}

    assert statuses() == {200}
    team.ask("PATCH", path, scope="channels", channels=[empty])
    assert statuses() == {404}, "nobody is in the channel"
    team.ask("DELETE", path)
    assert statuses() == {401}


def test_a_stream_that_both_gateways_change_ends_on_its_last_state_on_one_card(layout: Layout, team: Team) -> None:
    slug, channel_id = team.channel()
    phone, app = team.phone(channel_id=channel_id), team.app(channel_id)
    gateways, stream = at_both(layout, team.key(slug)), team.unique("stream")

    def put(client: httpx.Client, subtitle: str) -> httpx.Response:
        state = {"title": stream, "subtitle": subtitle, "type": "progress", "percentage": 50}
        return client.put(f"/api/live-activity/stream/{stream}", json={"content_state": state})

    numbers = itertools.count()
    answers = [
        put_all for _ in range(5) for put_all in together(8, gateways, lambda gateway: put(gateway, f"{next(numbers)}"))
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["operation"] for answer in answers].count("started") == 1
    [wanted] = app.state()
    phone.shows_activity(wanted["activity_id"], seconds=LONG, subtitle=wanted["content_state"]["subtitle"])
    assert [card["content_state"]["title"] for card in phone.cards()] == [stream]


def test_a_change_is_answered_when_it_is_delivered_whichever_core_delivers_it(layout: Layout, team: Team) -> None:
    """Cores claim what is due, whichever core recorded it. No caller waits for the whole `SMITH_DELIVERY_WAIT` for
    that."""
    slug, channel_id = team.channel()
    for _ in range(4):
        team.phone(channel_id=channel_id)
    gateways = at_both(layout, team.key(slug))
    state = {"title": "quick", "type": "progress", "percentage": 1}

    def start(client: httpx.Client) -> httpx.Response:
        return client.post("/api/live-activity/start", json={"content_state": state})

    answers = [answer for _ in range(8) for answer in together(6, gateways, start)]
    assert {(answer.status_code, answer.json()["devices_notified"]) for answer in answers} == {(200, 4)}
    slow = [answer.elapsed.total_seconds() for answer in answers if answer.elapsed.total_seconds() >= WAIT_SECONDS]
    assert slow == []


def test_a_button_that_is_tapped_at_both_gateways_runs_once(layout: Layout, team: Team) -> None:
    slug, channel_id = team.channel()
    phone, app = team.phone(channel_id=channel_id), team.app(channel_id)
    hook = team.unique("hook")
    script = {"answers": [{"status": 200, "delay_seconds": 0.3}]}
    assert team.simulator.post(f"/webhooks/{hook}/answers", json=script).status_code == 200
    url = f"https://localhost:{layout.webhook_port}/webhooks/{hook}"
    action = {"title": "Restart", "type": "webhook", "url": url}
    assert push(team.key(slug), title="tap it", actions=[action]).status_code == 200
    action_id = phone.shows("tap it")["actions"][0]["id"]
    path = f"/api/device/actions/{action_id}/run"
    answers = together(6, at_both(layout, app.http), lambda device: device.post(path, json={}))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["action_run"]["id"] for answer in answers}) == 1
    assert {answer.json()["action_run"]["state"] for answer in answers} == {"succeeded"}
    assert len(team.simulator.get(f"/webhooks/{hook}").json()["calls"]) == 1


def test_a_request_that_comes_to_both_gateways_under_one_key_is_done_once(layout: Layout, team: Team) -> None:
    slug, channel_id = team.channel()
    phone = team.phone(channel_id=channel_id)
    gateways = at_both(layout, team.key(slug), **{"Idempotency-Key": str(uuid.uuid4())})
    answers = together(8, gateways, lambda gateway: push(gateway, title="once"))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    phone.shows("once")
    eventually("nothing is owed", lambda: layout.owed() == 0)
    assert phone.titles() == ["once"]


def test_a_route_that_is_stopped_is_known_to_both_cores(layout: Layout, team: Team, cores: list[grpc.Channel]) -> None:
    """However few pushes there are: one is enough, and only one core sends it."""
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), team.key(slug)
    session = team.anybody.post("/api/sessions", json={"email": "owner@example.com", "password": PASSWORD}).json()
    metadata = [("authorization", f"Bearer {session['session_token']}")]

    def alarms() -> list[list[str]]:
        stubs = [status_service_pb2_grpc.StatusServiceStub(core) for core in cores]
        request = status_service_pb2.GetServerStatusRequest()
        return [
            [one.reason for one in stub.GetServerStatus(request, metadata=metadata, timeout=LONG).alarms]
            for stub in stubs
        ]

    def warnings() -> list[Any]:
        return [
            httpx.get(f"{gateway}/readyz", trust_env=False, timeout=LONG).json().get("warnings")
            for gateway in layout.gateways * 4
        ]

    team.faults(tokens={"*": [{"status": 403, "reason": "InvalidProviderToken"}]})
    assert push(key, title="held").json()["devices_queued"] == 1
    eventually("both know", alarms, until=lambda found: found == [["InvalidProviderToken"]] * 2)
    eventually("and say so", warnings, until=lambda found: found == [["apns"]] * 8)
    team.no_faults()
    eventually("both know that it is over", alarms, RESUMED_SECONDS, until=lambda found: found == [[], []])
    phone.shows("held", seconds=RESUMED_SECONDS)
