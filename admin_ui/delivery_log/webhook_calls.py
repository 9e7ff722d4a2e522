"""The list of webhook calls: what people have tapped, and what the receivers answered."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from smith.core.v1.action_run_pb2 import ACTION_RUN_STATE_RUNNING, ActionRunState
from smith.core.v1.event_pb2 import EVENT_TYPE_ACTION_RUN_SETTLED, Event
from smith.core.v1.push_notification_pb2 import WebhookMethod
from smith.core.v1.webhook_call_pb2 import WebhookCall
from smith.core.v1.webhook_service_pb2 import ListWebhookCallsRequest

from admin_ui.components.html import div, phrase, text
from admin_ui.components.layout import badge
from admin_ui.components.paged_table import Cell, Column, PageOf
from admin_ui.components.times import ago
from admin_ui.core import Core
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.lists import NARROW, TIME, Ask, MessageList, iso, now, one_line, when
from admin_ui.delivery_log.words import RUN_STATES, run_outcome
from admin_ui.texts import _

WORDS = {RUN_STATES[state][0].lower().replace(" ", "-"): state for state in ActionRunState.values() if state}


class WebhookCalls(MessageList[WebhookCall]):
    """See MessageList."""

    name = _("Webhook calls")
    about = _("Buttons that people tapped, and what the receivers of the signed calls answered.")
    path = "/delivery-log/webhook-calls"
    file_name = "webhook-calls"
    for_owners = True
    has_senders = False
    columns = (
        Column(_("Button"), "log-main"),
        Column(_("On"), NARROW),
        Column(_("Device"), NARROW),
        Column(_("Outcome"), "log-outcome"),
        Column(_("Tapped"), TIME),
    )
    headings = (
        "id", "tapped", "button", "method", "url", "notification_id", "activity_id", "title", "device_id", "device",
        "state", "attempts", "status_code", "reason", "next_attempt", "settled",
    )  # fmt: skip
    search_label = _("Find by URL, button or id")
    outcome_label = _("Outcome")
    outcomes: ClassVar = {"": _("Any outcome"), **{word: RUN_STATES[state][0] for word, state in WORDS.items()}}
    news = (EVENT_TYPE_ACTION_RUN_SETTLED,)
    counts_unknown = True
    empty = (
        "touch_app",
        _("No webhook was called yet"),
        _("When a person taps a button that calls a webhook, the call appears here with every attempt."),
    )

    async def page(
        self, core: Core, ask: Ask, filters: LogFilters, page_token: str | None, page_size: int
    ) -> PageOf[WebhookCall]:
        """See MessageList."""
        request = ListWebhookCallsRequest(
            page_size=page_size,
            page_token=page_token,
            search=filters.q.strip() or None,
            state=WORDS.get(filters.outcome),
            device_id=filters.device or None,
            **filters.bounds(now()),
        )
        answer = await ask(core.webhooks.ListWebhookCalls, request)
        return PageOf(answer.webhook_calls, answer.next_page_token)

    def id_of(self, row: WebhookCall) -> str:
        """See MessageList."""
        return row.action_run.id

    def subject_of(self, event: Event) -> str:
        """See MessageList."""
        return event.action_run_id

    def href(self, row: WebhookCall) -> str:
        """See MessageList."""
        return f"{self.path}/{row.action_run.id}"

    def cells(self, row: WebhookCall) -> Sequence[Cell]:
        """See MessageList."""
        return (
            partial(one_line, row.action_title or _("A button that is gone"), row.url),
            partial(text, row.subject_title or _("a message that is gone"), "muted"),
            partial(text, row.device_name or _("a device that is gone"), "muted"),
            partial(_outcome, row),
            partial(when, self.href(row), row.action_run.created_at),
        )

    def written(self, row: WebhookCall) -> Sequence[str]:
        """See MessageList."""
        run = row.action_run
        return (
            run.id, iso(run.created_at), row.action_title, WebhookMethod.Name(row.method).rpartition("_")[2], row.url,
            row.notification_id, row.activity_id, row.subject_title, run.device_id, row.device_name,
            ActionRunState.Name(run.state).removeprefix("ACTION_RUN_STATE_").lower(), str(run.attempts),
            str(run.status_code) if run.HasField("status_code") else "", run.reason, iso(row.due_at),
            iso(run.settled_at),
        )  # fmt: skip


def _outcome(row: WebhookCall) -> None:
    with div("cluster"):
        badge(*RUN_STATES[row.action_run.state])
        if row.action_run.state == ACTION_RUN_STATE_RUNNING and row.action_run.attempts:
            with div("muted small"):
                phrase(_("again {when}"), when=partial(ago, row.due_at))
        else:
            text(run_outcome(row), "muted small")
