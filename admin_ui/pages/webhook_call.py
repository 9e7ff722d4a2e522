"""One webhook call: what was tapped, the attempts, and what the receiver answered."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.action_run_pb2 import ACTION_RUN_STATE_RUNNING
from smith.core.v1.event_pb2 import EVENT_TYPE_ACTION_RUN_SETTLED, Event
from smith.core.v1.push_notification_pb2 import WebhookMethod
from smith.core.v1.webhook_call_pb2 import WebhookCall
from smith.core.v1.webhook_service_pb2 import GetWebhookCallRequest

from admin_ui.components.copying import snippet
from admin_ui.components.html import a, code, div, p, text
from admin_ui.components.ids import ids
from admin_ui.components.kept import Drawing, Kept, KeptFacts
from admin_ui.components.layout import back_link, badge, card, page_header
from admin_ui.components.times import ago
from admin_ui.delivery_log.webhook_calls import WebhookCalls
from admin_ui.delivery_log.words import RUN_STATES
from admin_ui.pages.delivery_log import log_of_device
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

FOLLOW_SECONDS = 2.0


def create(site: Site) -> None:
    """Registers `/delivery-log/webhook-calls/{run_id}`."""

    @site.page(WebhookCalls.path + "/{run_id}", title=_("Webhook call"))
    async def webhook_call(visit: Visit, run_id: str) -> None:
        await _WebhookCallPage(visit, run_id).draw()


class _WebhookCallPage:
    def __init__(self, visit: Visit, run_id: str) -> None:
        self._visit = visit
        self._id = run_id

    async def draw(self) -> None:
        """Draws the page, and keeps it up to date until the call is over. Raises Refused."""
        self._call = await self._read()
        back_link(_("Webhook calls"), WebhookCalls.path)
        with page_header("", _("A webhook that a tap has called.")) as self._title:
            pass
        with div("columns"):
            with div("stack"):
                with card(_("What became of it")):
                    self._state = Kept("cluster")
                    self._message = Kept()
                    self._facts = KeptFacts()
                with card(_("The receiver's answer")):
                    self._answer = Kept()
            with div("stack"):
                self._draw_call()
        self._visit.watch({EVENT_TYPE_ACTION_RUN_SETTLED}, self._heard)
        self._show()
        ui.timer(FOLLOW_SECONDS, self._follow)

    async def _read(self) -> WebhookCall:
        request = GetWebhookCallRequest(action_run_id=self._id)
        return (await self._visit.ask(self._visit.core.webhooks.GetWebhookCall, request)).webhook_call

    async def _heard(self, events: Sequence[Event]) -> None:
        await self._refresh()

    async def _follow(self) -> None:
        """Polls while it is running: core sends no event for an attempt that is not the last."""
        if self._call.action_run.state == ACTION_RUN_STATE_RUNNING:
            await self._refresh()

    async def _refresh(self) -> None:
        call = await self._read()
        if call != self._call:
            self._call = call
            self._show()

    def _draw_call(self) -> None:
        """Draws what does not change."""
        call, run = self._call, self._call.action_run
        with card(_("The call"), _("Signed with the workspace's webhook secret. Its id is the Idempotency-Key.")):
            with div("cluster"):
                code(WebhookMethod.Name(call.method).rpartition("_")[2])
            snippet(call.url, "URL")
        with card(_("Ids")):
            ids(
                [
                    (_("Call id"), run.id),
                    (_("Notification id"), call.notification_id),
                    (_("Activity id"), call.activity_id),
                    (_("Device id"), run.device_id),
                    (_("Action id"), run.action_id),
                ]
            )

    def _show(self) -> None:
        call, run = self._call, self._call.action_run
        self._title.text = call.action_title or _("A button that is gone")
        self._state.show(partial(_draw_state, run.state, run.status_code if run.HasField("status_code") else None))
        self._message.show(partial(p, run.message) if run.message else None)
        self._facts.show(_facts_of(call))
        self._answer.show(partial(_draw_answer, run.response_body))


def _draw_state(state: int, status_code: int | None) -> None:
    badge(*RUN_STATES[state])
    if status_code is not None:
        text(f"HTTP {status_code}", "muted")


def _draw_answer(body: str) -> None:
    if body:
        snippet(body, _("the receiver's answer"))
    else:
        p(_("There is none, or it is empty."), "muted")


def _facts_of(call: WebhookCall) -> dict[str, Drawing]:
    run = call.action_run
    facts: dict[str, Drawing] = {
        _("On"): _subject(call),
        _("Device"): partial(a, call.device_name or _("a device that is gone"), log_of_device(run.device_id)),
        _("Tapped"): partial(ago, run.created_at),
        _("Attempts"): partial(text, str(run.attempts)),
    }
    if call.HasField("due_at"):
        facts[_("Next attempt")] = partial(ago, call.due_at)
    if run.HasField("settled_at"):
        facts[_("Over")] = partial(ago, run.settled_at)
    if run.reason:
        facts[_("Reason")] = partial(text, run.reason)
    return facts


def _subject(call: WebhookCall) -> Drawing:
    """What the button was on, with a link to it."""
    title = call.subject_title or _("a message that is gone")
    if call.notification_id:
        return partial(a, title, f"/delivery-log/{call.notification_id}")
    if call.activity_id:
        return partial(a, title, f"/live-activities/{call.activity_id}")
    return partial(text, title)
