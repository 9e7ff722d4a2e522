"""The delivery log: what was sent, found again, explained and sent again."""

import asyncio
import csv
import datetime as dt
import io
from urllib.parse import parse_qsl

import pytest
from nicegui.testing import User
from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import push_notification_pb2 as pb

from admin_ui.delivery_log import export
from admin_ui.delivery_log.export import as_text, line
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.story import story_of
from admin_ui.feed import Feed
from tests.admin.conftest import Open, Person
from tests.admin.looking import fill, press, sees, sees_no
from tests.core.harness import Account
from tests.waiting import eventually_async


async def sent(account: Account, **fields: object) -> str:
    """The path of the page of a notification that was just sent."""
    await account.owner.SendPushNotification(**fields)
    return f"/delivery-log/{(await account.owner.ListPushNotifications()).push_notifications[0].id}"


async def listening(owner: Person, account: Account) -> None:
    """Opens the log. Returns once it is told what happens, which begins some time after it is drawn: what is sent
    before that is not announced. There is one message more, called "Told"."""
    await account.owner.UpdateAccount(rate_limit_per_minute=1000)
    first = (await account.owner.SendPushNotification(title="Untold")).notification_id
    await owner.open("/delivery-log")
    await sees(owner, "Untold")

    async def is_told() -> bool:
        await account.owner.ReplacePushNotification(notification_id=first, title="Told")
        return owner.shows("Told")

    await eventually_async("the page is told", is_told)


async def test_notifications_are_found_by_what_they_say(owner: Person, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open("/delivery-log")
    await sees(owner, "Nothing was sent yet")
    await listening(owner, account)
    await sent(account, title="Build finished", message="100% green")
    await sent(account, title="New lead")
    await sees(owner, "2 new")
    await press(owner, "2 new")
    await sees(owner, "Build finished", "New lead")
    await fill(owner, "Find by title, message or id", "100%")
    await sees_no(owner, "New lead", "Told")
    await sees(owner, "Build finished")


async def test_the_log_of_one_channel_and_of_one_key_is_a_click_away(owner: User, account: Account) -> None:
    await account.add_channel("ops")
    phone = await account.add_startable_phone()
    [channel] = (await account.owner.ListChannels()).channels
    await account.owner.AssignDevice(channel_id=channel.id, device_id=phone.id)
    key_id, secret = await account.add_key()
    await account.core.caller(secret).SendPushNotification(title="By the backend")
    await sent(account, title="To ops", target={"channels": ["ops"]})
    await owner.open("/delivery-log")
    await sees(owner, "By the backend", "To ops")
    await owner.open("/delivery-log?channel=ops")
    await sees(owner, "To ops", "Channel:", "Clear filters")
    await sees_no(owner, "By the backend")
    await owner.open(f"/delivery-log?api_key={key_id}")
    await sees(owner, "By the backend", "API key:", "backend")
    await sees_no(owner, "To ops")
    await press(owner, "Clear filters")
    await sees(owner, "By the backend", "To ops")


@pytest.mark.parametrize("query", ["api_key=nonsense", "channel=no-such-channel", "channel=%00", "api_key=%20"])
async def test_a_log_of_what_does_not_exist_is_told_so(owner: User, query: str) -> None:
    answer = await owner.http_client.get(f"/delivery-log?{query}")
    assert answer.status_code in {200, 400}
    assert "Nothing is found" in answer.text or "must" in answer.text


async def test_a_notification_opens_with_every_phone_and_why(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    path = await sent(account, title="Build finished")
    await owner.open(path)
    # That of the only device is explained at once, in its place.
    await sees(owner, '"title": "Build finished"', "Asked for by", "Device id")
    await press(owner, "Why is it to come on iPhone?")
    await sees_no(owner, "Device id")
    await press(owner, "Why is it to come on iPhone?")
    await sees(owner, "Device id")


async def test_what_has_changed_before_the_page_is_told_of_changes_is_seen_once_it_is(
    owner: Person, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins, run = asyncio.Event(), Feed.run

    async def run_late(feed: Feed) -> None:
        await begins.wait()
        await run(feed)

    monkeypatch.setattr(Feed, "run", run_late)
    await account.add_startable_phone()
    message = await account.owner.SendPushNotification(title="Checkout is down")
    await owner.open("/delivery-log")
    await sees(owner, "Checkout is down")
    await account.owner.ReplacePushNotification(notification_id=message.notification_id, title="Checkout recovers")
    begins.set()
    await sees(owner, "Checkout recovers")


async def test_a_replacement_is_seen_at_once_in_the_list_and_on_its_page(owner: Person, account: Account) -> None:
    await account.add_startable_phone()
    path = await sent(account, title="Checkout is down", message="500 errors")
    notification_id = path.rpartition("/")[2]
    await listening(owner, account)
    await sees(owner, "Checkout is down")
    await account.owner.ReplacePushNotification(notification_id=notification_id, title="Checkout recovers")
    await sees(owner, "Checkout recovers")
    await sees_no(owner, "Checkout is down", "1 new")
    await owner.open(path)
    await sees(owner, "replaced once, last", '"title": "Checkout recovers"')
    await account.owner.ReplacePushNotification(notification_id=notification_id, title="Checkout is fine")
    await sees(owner, "replaced twice, last", '"title": "Checkout is fine"', "To come")
    await sees_no(owner, "Checkout recovers", "500 errors")


async def test_what_was_sent_is_sent_again_once_somebody_agrees(owner: User, account: Account) -> None:
    await account.add_startable_phone()
    await owner.open(await sent(account, title="Build finished"))
    await press(owner, "Send again")
    assert len((await account.owner.ListPushNotifications()).push_notifications) == 1
    await press(owner, "Send it again")
    await sees(owner, "still to come")
    assert len((await account.owner.ListPushNotifications()).push_notifications) == 2


@pytest.mark.parametrize("unknown", ["01a2125c-b00b-75f6-9733-793f1341a0f3", "nonsense", "%20"])
async def test_what_is_not_there_is_said_not_to_be(owner: User, unknown: str) -> None:
    answer = await owner.http_client.get(f"/delivery-log/{unknown}")
    assert answer.status_code == 404


async def test_another_accounts_notification_is_not_there(owner: User, stranger: Account) -> None:
    await stranger.add_startable_phone()
    path = await sent(stranger, title="Not for you")
    answer = await owner.http_client.get(path)
    assert answer.status_code == 404
    assert "Not for you" not in answer.text


@pytest.mark.parametrize("begins", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1+1", "＝1+1"])
def test_no_cell_of_an_export_is_a_formula(begins: str) -> None:
    assert as_text(begins) == f"'{begins}"
    [[cell]] = csv.reader(io.StringIO(line([begins]).decode(), newline=""))
    assert cell == f"'{begins}"


@pytest.mark.parametrize("plain", ["Build finished", "", "1 = 1", "a-b", '"quoted", and\nin two lines'])
def test_other_cells_of_an_export_are_as_they_were(plain: str) -> None:
    [[cell, _]] = csv.reader(io.StringIO(line([plain, "x"]).decode(), newline=""))
    assert cell == plain


def test_what_cannot_be_in_an_address_of_the_log_is_left_out() -> None:
    moment = "2026-11-28T12:00:00.000Z"
    read = LogFilters.read({"period": "chosen", "since": "nonsense", "until": moment, "q": "x" * 500})
    assert (read.since, read.until) == ("", moment)
    assert len(read.q) == 100
    assert LogFilters.read({"period": "forever", "since": moment}) == LogFilters()
    now = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
    assert LogFilters(period="24h").bounds(now)["since"].ToDatetime(dt.UTC) == now - dt.timedelta(days=1)
    assert LogFilters.read(dict(parse_qsl(LogFilters(q="a&b", tag="c").query[1:]))) == LogFilters(q="a&b", tag="c")


async def test_an_export_goes_on_to_its_last_page_and_each_person_has_one_at_a_time(
    admin: Open, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.core.sql(
        """
        INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
        SELECT (lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '70008000'
                || lpad(to_hex(i), 12, '0'))::uuid, %s, 'Build ' || i, '{}', now(), now()
        FROM generate_series(1, 1234) i
        """,
        account.id,
    )
    browser = admin(account.session).http_client
    answers = await asyncio.gather(*(browser.get("/delivery-log.csv?q=build") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429]
    [whole] = [answer for answer in answers if answer.status_code == 200]
    rows = list(csv.DictReader(io.StringIO(whole.text.removeprefix("\ufeff"), newline="")))
    assert [row["title"] for row in rows] == [f"Build {number}" for number in range(1234, 0, -1)]
    again = await browser.get("/delivery-log.csv?q=build+1234")
    assert again.text.count("\n") == 2
    monkeypatch.setattr(export, "MOST_EXPORTED", 700)
    newest = list(csv.DictReader(io.StringIO((await browser.get("/delivery-log.csv")).text[1:], newline="")))
    assert [row["title"] for row in newest] == [f"Build {number}" for number in range(1234, 534, -1)]


async def test_an_export_is_refused_as_its_page_is(owner: Person, member: Person, admin: Open) -> None:
    assert (await owner.http_client.get("/delivery-log.csv?device=nonsense")).status_code == 400
    assert (await owner.http_client.get("/delivery-log/webhook-calls.csv")).status_code == 200
    assert (await member.http_client.get("/delivery-log/webhook-calls.csv")).status_code == 403
    stranger = await admin().http_client.get("/delivery-log.csv?q=a")
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/sign-in?next=/delivery-log.csv")


def entry(second: int, device: str, outcome: "attempts.DeliveryOutcome.ValueType") -> pb.PushNotificationTimelineEntry:
    attempt = pb.PushNotificationAttempt(outcome=outcome, latency_ms=5)
    return pb.PushNotificationTimelineEntry(occurred_at={"seconds": second}, device_name=device, attempt=attempt)


def test_of_many_devices_those_that_accepted_in_a_row_are_one_line_and_each_that_failed_has_its_own() -> None:
    accepted, rejected = attempts.DELIVERY_OUTCOME_ACCEPTED, attempts.DELIVERY_OUTCOME_REJECTED
    sent = pb.PushNotification(created_at={"seconds": 9}, sender_name="CI", counts={"devices": 6, "accepted": 5})
    happened = [entry(10 + number, f"Phone {number}", accepted) for number in range(4)]
    happened += [entry(14, "Tablet", rejected), entry(15, "Phone 5", accepted)]
    assert [one.words for one in story_of(sent, happened)] == [
        "Asked for by CI",
        "Accepted by the push service for 4 devices",
        "Rejected for Tablet",
        "Accepted by the push service for Phone 5",
    ]
