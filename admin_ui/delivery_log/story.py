"""What happened to a notification, in order: asked for and recorded, handed to the push service, accepted, answered."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1.action_run_pb2 import ACTION_RUN_STATE_SUCCEEDED
from smith.core.v1.delivery_attempt_pb2 import DELIVERY_OUTCOME_ACCEPTED, DELIVERY_OUTCOME_RETRY
from smith.core.v1.push_notification_pb2 import PushNotification, PushNotificationTimelineEntry
from smith.core.v1.push_notification_service_pb2 import ListPushNotificationTimelineRequest

from admin_ui.activities.words import OUTCOMES
from admin_ui.components.buttons import secondary
from admin_ui.components.html import div, text
from admin_ui.components.kept import KeptRows
from admin_ui.components.times import at
from admin_ui.delivery_log.words import recipients, sender
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

PAGE_SIZE = 500
MOST_PAGES = 10
"""Most pages that are shown. The rest is in the API's list of attempts."""
FEW = 3
"""Up to so many devices, handing over and the answer have a line each."""
GONE = _("a device that is gone")


@dataclass(frozen=True)
class Happening:
    """One line of the story."""

    moment: dt.datetime
    words: str
    detail: str = ""
    tone: str = ""


class Story:
    """The timeline of a notification. Await `show` to fill it, and when something may have happened."""

    def __init__(self, visit: Visit, notification_id: str) -> None:
        self._visit = visit
        self._id = notification_id
        self._pages = 1
        self._lines = KeptRows[tuple[Happening, int], ui.element](_draw, "happening").props("role=list")
        self._more = secondary(_("Show more"), self._show_more)
        self._more.set_visibility(False)

    async def show(self, sent: PushNotification) -> None:
        """Reads what has happened so far, and draws it. Raises Refused."""
        self._sent = sent
        entries, is_more = await self._read()
        happenings = story_of(sent, entries)
        self._more.set_visibility(is_more and self._pages < MOST_PAGES)
        said = Counter[Happening]()
        lines = []
        for one in happenings:
            said[one] += 1
            lines.append((one, said[one]))
        self._lines.arrange(lines)

    async def _show_more(self) -> None:
        self._pages += 1
        await self.show(self._sent)

    async def _read(self) -> tuple[Sequence[PushNotificationTimelineEntry], bool]:
        """The entries of all pages that are shown, and whether there are more."""
        entries: list[PushNotificationTimelineEntry] = []
        request = ListPushNotificationTimelineRequest(notification_id=self._id, page_size=PAGE_SIZE)
        ask = self._visit.core.push_notifications.ListPushNotificationTimeline
        for _page in range(self._pages):
            answer = await self._visit.ask(ask, request)
            entries += answer.entries
            if not answer.next_page_token:
                return entries, False
            request.page_token = answer.next_page_token
        return entries, True


def story_of(sent: PushNotification, entries: Sequence[PushNotificationTimelineEntry]) -> Sequence[Happening]:
    """All lines in the order of their times."""
    number = f"{sent.counts.devices:,}{'+' if sent.counts.partial else ''}"
    devices = ngettext("{number} device", "{number} devices", sent.counts.devices).format(number=number)
    to = recipients(sent.channels, is_one_device=bool(sent.device_id))
    asked = Happening(
        _time(sent.created_at),
        _("Asked for by {sender}").format(sender=sender(sent)),
        _("To {to}. Recorded for {devices}.").format(to=to, devices=devices),
    )
    lines = [asked]
    if sent.replacements:
        once, often = _("Content replaced"), _("Content replaced, for the {count:,}th time")
        words = once if sent.replacements == 1 else often.format(count=sent.replacements)
        lines.append(Happening(_time(sent.replaced_at), words))
    is_long = sent.counts.devices <= FEW
    for are_accepted, group in groupby(entries, key=lambda entry: not is_long and _is_accepted(entry)):
        if are_accepted:
            lines.append(_of_accepted(list(group)))
            continue
        for entry in group:
            lines += _of_tap(entry) if entry.HasField("tap") else _of_attempt(entry, is_long=is_long)
    return sorted(lines, key=lambda one: one.moment)


def _is_accepted(entry: PushNotificationTimelineEntry) -> bool:
    return entry.HasField("attempt") and entry.attempt.outcome == DELIVERY_OUTCOME_ACCEPTED


def _of_accepted(entries: Sequence[PushNotificationTimelineEntry]) -> Happening:
    """Attempts that came one after the other, as one line: what people look for is what failed."""
    first, last = _time(entries[0].occurred_at), _time(entries[-1].occurred_at)
    if len(entries) == 1:
        return Happening(
            first,
            _("Accepted by the push service for {device}").format(device=entries[0].device_name or GONE),
            "",
            "good",
        )
    seconds = (last - first).total_seconds()
    return Happening(
        first,
        ngettext(
            "Accepted by the push service for {count:,} device",
            "Accepted by the push service for {count:,} devices",
            len(entries),
        ).format(count=len(entries)),
        _("Within {seconds:,.1f} s.").format(seconds=seconds),
        "good",
    )


def _of_attempt(entry: PushNotificationTimelineEntry, *, is_long: bool) -> Sequence[Happening]:
    attempt, device, known = entry.attempt, entry.device_name or GONE, _time(entry.occurred_at)
    began = known - dt.timedelta(milliseconds=attempt.latency_ms)
    handed = Happening(began, _("Handed to the push service for {device}").format(device=device))
    if attempt.outcome == DELIVERY_OUTCOME_ACCEPTED:
        words = _("Accepted by the push service") if is_long else _("Accepted by the push service for {device}")
        after = _("After {latency_ms:,} ms.").format(latency_ms=attempt.latency_ms)
        answer = Happening(known, words.format(device=device), after, "good")
    else:
        if attempt.outcome == DELIVERY_OUTCOME_RETRY:
            tone = "warn"
            words = (
                _("Not accepted; it is tried again") if is_long else _("Not accepted for {device}; it is tried again")
            )
        else:
            tone = "bad"
            words = "{outcome}" if is_long else _("{outcome} for {device}")
        status = f"HTTP {attempt.status_code}" if attempt.HasField("status_code") else ""
        reason = " · ".join(part for part in (attempt.reason, status) if part)
        told = words.format(outcome=OUTCOMES[attempt.outcome][0], device=device)
        answer = Happening(known, told, reason, tone)
    return (handed, answer) if is_long else (answer,)


def _of_tap(entry: PushNotificationTimelineEntry) -> Sequence[Happening]:
    tap, device = entry.tap, entry.device_name or GONE
    told = _("“{title}” was tapped on {device}") if tap.title else _("A button was tapped on {device}")
    tapped = Happening(_time(entry.occurred_at), told.format(title=tap.title, device=device), "", "good")
    if not tap.HasField("settled_at"):
        return (tapped,)
    status = f"HTTP {tap.status_code}" if tap.HasField("status_code") else _("no answer")
    tries = ngettext("{count} attempt", "{count} attempts", tap.attempts).format(count=tap.attempts)
    detail = f"{status} · {tries}" if tap.attempts > 1 else status
    is_good = tap.state == ACTION_RUN_STATE_SUCCEEDED
    words = _("The webhook has answered") if is_good else _("The webhook call failed")
    return (tapped, Happening(_time(tap.settled_at), words, detail, "good" if is_good else "bad"))


def _time(moment: Timestamp) -> dt.datetime:
    return moment.ToDatetime(dt.UTC)


def _draw(line: tuple[Happening, int]) -> ui.element:
    """Draws a line; the number tells those apart that say the same."""
    one, _number = line
    moment = Timestamp()
    moment.FromDatetime(one.moment)
    with div(f"happening-one {f'is-{one.tone}' if one.tone else ''}").props("role=listitem") as element:
        with div("happening-words"):
            text(one.words)
            if one.detail:
                text(one.detail, "muted small row-detail")
        with div("happening-time muted small"):
            at(moment)
    return element
