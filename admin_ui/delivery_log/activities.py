"""The list of Live Activities."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from smith.core.v1 import event_pb2 as events
from smith.core.v1 import live_activity_record_pb2 as pb
from smith.core.v1.live_activity_service_pb2 import ListLiveActivitiesRequest

from admin_ui.activities.words import PHASES, read
from admin_ui.activity_types.registry import words as words_of
from admin_ui.components.html import text
from admin_ui.components.paged_table import Cell, Column, PageOf
from admin_ui.core import Core
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.lists import NARROW, TIME, Ask, MessageList, iso, now, one_line, when
from admin_ui.delivery_log.words import phase_badges, recipients
from admin_ui.texts import _

WORDS = {PHASES[phase][0].lower().replace(" ", "-"): phase for phase in pb.LiveActivityPhase.values() if phase}


class Activities(MessageList[pb.LiveActivity]):
    """See MessageList."""

    name = _("Live Activities")
    about = _("Live Activities, and how far each has come on every device.")
    path = "/delivery-log/live-activities"
    file_name = "live-activities"
    columns = (
        Column(_("Live Activity"), "log-main"),
        Column(_("To"), NARROW),
        Column(_("From"), NARROW),
        Column(_("Devices"), "log-outcome"),
        Column(_("Last change"), TIME),
    )
    headings = (
        "activity_id", "status", "title", "stream_key", "channels", "started_by", "started", "last_change", "ended",
        "version", *(word.replace("-", "_") for word in WORDS), "tags",
    )  # fmt: skip
    search_label = _("Find by title, stream key or id")
    outcome_label = _("State")
    outcomes: ClassVar = {"": _("Any state"), **{word: PHASES[phase][0] for word, phase in WORDS.items()}}
    news = (
        events.EVENT_TYPE_LIVE_ACTIVITY_STARTED,
        events.EVENT_TYPE_LIVE_ACTIVITY_ENDED,
        events.EVENT_TYPE_LIVE_ACTIVITY_DELIVERED,
        events.EVENT_TYPE_LIVE_ACTIVITY_FAILED,
        events.EVENT_TYPE_LIVE_ACTIVITY_DISMISSED,
    )
    empty = (
        "timelapse",
        _("No Live Activity yet"),
        _("Each appears here once it is started, with its path to each device."),
    )

    async def page(
        self, core: Core, ask: Ask, filters: LogFilters, page_token: str | None, page_size: int
    ) -> PageOf[pb.LiveActivity]:
        """See MessageList."""
        request = ListLiveActivitiesRequest(
            page_size=page_size,
            page_token=page_token,
            search=filters.q.strip() or None,
            phase=WORDS.get(filters.outcome),
            device_id=filters.device or None,
            channel=filters.channel or None,
            api_key_id=filters.api_key or None,
            tags=[filters.tag] if filters.tag else (),
            with_phases=True,
            **filters.bounds(now()),
        )
        answer = await ask(core.live_activities.ListLiveActivities, request)
        return PageOf(answer.live_activities, answer.next_page_token)

    def id_of(self, row: pb.LiveActivity) -> str:
        """See MessageList."""
        return row.activity_id

    def subject_of(self, event: events.Event) -> str:
        """One that was started is new, whichever it is."""
        return "" if event.type == events.EVENT_TYPE_LIVE_ACTIVITY_STARTED else event.activity_id

    def href(self, row: pb.LiveActivity) -> str:
        """See MessageList."""
        return f"/live-activities/{row.activity_id}"

    def cells(self, row: pb.LiveActivity) -> Sequence[Cell]:
        """See MessageList."""
        state = read(row.content_state)
        detail = " · ".join(part for part in (state.get("subtitle", ""), words_of(state)) if part)
        return (
            partial(one_line, state.get("title", ""), detail),
            partial(text, recipients(row.channel_slugs), "muted"),
            partial(text, row.started_by or _("unknown"), "muted"),
            partial(phase_badges, row.phases),
            partial(when, self.href(row), row.ended_at if row.HasField("ended_at") else row.updated_at),
        )

    def written(self, row: pb.LiveActivity) -> Sequence[str]:
        """See MessageList."""
        counts = {one.phase: one.devices for one in row.phases}
        status = "ended" if row.status == pb.LIVE_ACTIVITY_STATUS_ENDED else "active"
        return (
            row.activity_id, status, read(row.content_state).get("title", ""), row.stream_key,
            " ".join(row.channel_slugs), row.started_by, iso(row.created_at), iso(row.updated_at), iso(row.ended_at),
            str(row.version), *(str(counts.get(phase, 0)) for phase in WORDS.values()), " ".join(row.tags.values),
        )  # fmt: skip
