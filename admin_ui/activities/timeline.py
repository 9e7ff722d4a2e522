"""What happened to a Live Activity, newest first: its states, and the attempts to deliver them."""

from nicegui import ui
from smith.core.v1.live_activity_record_pb2 import LiveActivityTimelineEntry
from smith.core.v1.live_activity_service_pb2 import ListLiveActivityTimelineRequest

from admin_ui.activities.words import EVENTS, OUTCOMES, read
from admin_ui.activity_types.registry import words as words_of
from admin_ui.components.buttons import secondary
from admin_ui.components.html import div, p, text
from admin_ui.components.layout import badge
from admin_ui.components.times import ago
from admin_ui.texts import _
from admin_ui.visit import Visit

PAGE_SIZE = 30
MOST = 300
"""Most entries on the page. Older ones are in the delivery log."""


class Timeline:
    """The list. Await `refresh()` to fill it, and after each event of the activity."""

    def __init__(self, visit: Visit, activity_id: str) -> None:
        self._visit = visit
        self._activity_id = activity_id
        self._rows: list[tuple[str, ui.element]] = []
        """By the ids of their entries, newest first."""
        self._older = ""
        self._list = div("timeline").props("role=list")
        self._nothing = p(_("Nothing yet."), "muted")
        self._more = secondary(_("Show older"), self._show_older)
        self._more.set_visibility(False)

    async def refresh(self) -> None:
        """Adds what is new at the top. Raises Refused."""
        entries, older = await self._read(None)
        known = self._known
        new = [one for one in entries if one.id not in known]
        if known and len(new) == len(entries):
            # There are more new entries than one page holds: `Show older` leads to the rest.
            self._list.clear()
            self._rows.clear()
        if not self._rows:
            self._older = older
        for place, entry in enumerate(new):
            self._draw(entry, place)
        for _version, row in self._rows[MOST:]:
            row.delete()
        del self._rows[MOST:]
        self._around()

    @property
    def _known(self) -> set[str]:
        return {entry_id for entry_id, _ in self._rows}

    async def _show_older(self) -> None:
        entries, self._older = await self._read(self._older)
        for entry in entries:
            if entry.id not in self._known:
                self._draw(entry, len(self._rows))
        self._around()

    def _around(self) -> None:
        self._nothing.set_visibility(not self._rows)
        self._more.set_visibility(bool(self._older) and len(self._rows) < MOST)

    async def _read(self, page_token: str | None) -> tuple[list[LiveActivityTimelineEntry], str]:
        request = ListLiveActivityTimelineRequest(
            activity_id=self._activity_id, page_size=PAGE_SIZE, page_token=page_token
        )
        answer = await self._visit.ask(self._visit.core.live_activities.ListLiveActivityTimeline, request)
        return list(answer.entries), answer.next_page_token

    def _draw(self, entry: LiveActivityTimelineEntry, place: int) -> None:
        is_state = entry.HasField("state")
        with (
            self._list,
            div("timeline-entry" if is_state else "timeline-entry is-attempt").props("role=listitem") as row,
        ):
            if is_state:
                _draw_state(entry)
            else:
                _draw_attempt(entry)
            with div("muted small timeline-time"):
                ago(entry.occurred_at)
        row.move(target_index=place)
        self._rows.insert(place, (entry.id, row))


def _draw_state(entry: LiveActivityTimelineEntry) -> None:
    state = read(entry.state.content_state)
    with div("stack-tight timeline-text"):
        with div("cluster"):
            text(_("Version {version}").format(version=entry.version), "strong")
            badge(EVENTS[entry.state.event], "info")
        words = [state.get("title", ""), state.get("subtitle", ""), words_of(state)]
        text(" · ".join(word for word in words if word), "timeline-words")


def _draw_attempt(entry: LiveActivityTimelineEntry) -> None:
    attempt = entry.attempt
    outcome, tone = OUTCOMES[attempt.outcome]
    to = attempt.device_name or _("a device that was unpaired")
    if attempt.by_broadcast:
        to = _("all phones that listen, by broadcast")
    words = _("{event} of version {version} to {device}") if entry.HasField("version") else _("{event} to {device}")
    with div("stack-tight timeline-text"):
        with div("cluster"):
            text(words.format(event=EVENTS[attempt.event], version=entry.version, device=to))
            badge(outcome, tone)
        facts = [
            attempt.reason,
            _("{latency_ms} ms").format(latency_ms=attempt.latency_ms),
            _("priority {priority}").format(priority=attempt.priority),
        ]
        text(" · ".join(fact for fact in facts if fact), "muted small")
