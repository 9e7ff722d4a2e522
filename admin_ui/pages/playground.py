"""The playground: compose a request in a form, see it as a phone shows it and as code, and send it."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui
from smith.core.v1.channel_service_pb2 import ListChannelsRequest

from admin_ui.components.activity_card import ActivityCard
from admin_ui.components.buttons import primary
from admin_ui.components.code_tabs import CodeTabs
from admin_ui.components.copying import snippet
from admin_ui.components.drafts import draft_step
from admin_ui.components.html import a, div, labelled, text
from admin_ui.components.layout import card, page_header
from admin_ui.components.lock_screen import activity_card, notification_card
from admin_ui.components.notification_card import NotificationCard
from admin_ui.components.numbered_icon import NumberedIcon
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.playground.activity_form import ActivityForm
from admin_ui.playground.badge_form import BadgeForm
from admin_ui.playground.push_form import PushForm
from admin_ui.playground.rules import violations
from admin_ui.playground.saved_messages import SavedMessages
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.literals import json_text
from admin_ui.sending.snippets import in_all_languages
from admin_ui.sending.to_core import NotSendable, send
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

MAX_CHANNELS = 1000
Form = PushForm | ActivityForm | BadgeForm
WORDS = {"NO_RECIPIENTS": _("No phone can get it: none is in the chosen channels, or none is paired.")}
"""Messages for refusals whose own words are the API's."""
SEND_LABELS = {
    Operation.PUSH: _("Send the push"),
    Operation.START: _("Start it"),
    Operation.UPDATE: _("Update it"),
    Operation.END: _("End it"),
    Operation.STREAM: _("Show this state"),
    Operation.END_STREAM: _("End the stream"),
    Operation.BADGE: _("Set the number"),
}
PUSH, ACTIVITY, BADGE = _("Push notification"), _("Live Activity"), _("App icon")
"""The kinds of requests."""
TABS = {"live-activity": ACTIVITY, "app-icon": BADGE}
"""By what the page's URL calls them."""


def create(site: Site) -> None:
    """Registers the page."""

    @site.page("/playground", title=_("Playground"))
    async def playground(visit: Visit, tab: str = "") -> None:
        answer = await visit.ask(visit.core.channels.ListChannels, ListChannelsRequest(page_size=MAX_CHANNELS))
        page = _Playground(visit, [channel.slug for channel in answer.channels])
        await page.saved.refresh()
        page.choose(TABS.get(tab, PUSH))


class _Playground:
    def __init__(self, visit: Visit, channels: list[str]) -> None:
        self._visit = visit
        self._is_ready = False
        self._kind = PUSH
        with page_header(_("Playground"), _("Compose a request, see what it does to a phone, copy it into your code.")):
            pass
        with div("composer-page"):
            with card():
                self._draw_forms(channels)
            with div("composer-side"):
                self._draw_preview()
                with card(_("The request")):
                    self._code = CodeTabs(in_all_languages(self._form().read(), visit.settings.gateway_url))
        self._is_ready = True
        self._refresh()

    def _draw_forms(self, channels: list[str]) -> None:
        self._tabs = ui.tabs(on_change=self._chosen).classes("tabs").props("no-caps align=left :breakpoint=0")
        with self._tabs:
            for kind in (PUSH, ACTIVITY, BADGE):
                draft_step(ui.tab(kind), kind)
        self._tabs.set_value(PUSH)
        with div("stack") as push_side:
            above = div()
            self._push = PushForm(channels, self._refresh)
            with above:
                self.saved = SavedMessages(self._visit, self._push.read, self._push.fill)
        with div() as activity_side:
            self._activity = ActivityForm(channels, self._refresh)
        with div() as badge_side:
            self._badge = BadgeForm(channels, self._refresh)
        self._forms: dict[str, Form] = {PUSH: self._push, ACTIVITY: self._activity, BADGE: self._badge}
        self._form_sides = {PUSH: push_side, ACTIVITY: activity_side, BADGE: badge_side}
        _show_only(PUSH, self._form_sides)
        with div("composer-send"):
            self._send_button = primary(_("Send the push"), self._send, icon="send")
            # Ctrl-Enter presses it.
            self._send_button.props["data-main"] = True
            text(_("Ctrl Enter"), "muted small key-hint")
        # Next to the button: on a small screen the preview is far below.
        self._answer = div("composer-answer").props("role=status")

    def _draw_preview(self) -> None:
        with labelled(div("composer-preview iphone-wallpaper-2 lock-on-wallpaper").props("role=group"), _("Preview")):
            with div() as notification_side:
                self._notification: NotificationCard = notification_card({}, on_action=_would, expanded=True)
            with div() as card_side:
                self._card: ActivityCard = activity_card({}, on_action=_would)
            with div("composer-icon") as icon_side:
                self._icon = NumberedIcon()
        self._preview_sides = {PUSH: notification_side, ACTIVITY: card_side, BADGE: icon_side}

    def _form(self) -> Form:
        return self._forms[self._kind]

    def choose(self, kind: str) -> None:
        """Shows the form of this kind of request."""
        self._tabs.set_value(kind)

    def _chosen(self, event: Any) -> None:
        if not self._is_ready:
            return
        self._kind = event.value
        _show_only(self._kind, self._form_sides)
        self._answer.clear()
        self._refresh()

    def _refresh(self) -> None:
        if not self._is_ready:
            return
        request = self._form().read()
        _show_only(self._kind, self._preview_sides)
        number = request.body.get("badge")
        self._icon.show(number if isinstance(number, int) and number > 0 else 0)
        if self._kind == PUSH:
            self._notification.update_notification(request.body)
            # The number is on the app's icon, not in the notification.
            self._preview_sides[BADGE].set_visibility("badge" in request.body)
        elif self._kind == ACTIVITY:
            ended = request.operation in {Operation.END, Operation.END_STREAM}
            buttons = [request.body[name] for name in ("action", "secondary_action") if name in request.body]
            self._card.update_state(request.body["content_state"], buttons, ended=ended)
        self._code.show(in_all_languages(request, self._visit.settings.gateway_url))
        self._send_button.text = SEND_LABELS[request.operation]

    async def _send(self) -> None:
        form = self._form()
        form.fields.forgive()
        request = form.read()
        self._answer.clear()
        if form.fields.show(violations(request)) or form.fields.first_error:
            self._say("bad", _("It was not sent"), _("See the fields that are marked."))
            return
        try:
            answer = await send(self._visit, request)
        except (Refused, NotSendable) as refusal:
            if isinstance(refusal, Refused) and refusal.is_signed_out:
                raise
            self._show_refusal(form, refusal)
            return
        self._show_answer(request, answer)

    def _show_refusal(self, form: Form, refusal: Refused | NotSendable) -> None:
        if form.fields.blame(refusal.field, refusal.message):
            self._say("bad", _("It was not sent"), _("See the field that is marked."))
            return
        explanation = ""
        if isinstance(refusal, Refused) and refusal.reason == "NO_RECIPIENTS":
            explanation = _("Pair a phone or a browser first. For Live Activities an app also reports a start token.")
        self._say("bad", WORDS.get(getattr(refusal, "reason", ""), str(refusal)).replace("`", ""), explanation)

    def _say(self, tone: str, title: str, explanation: str = "") -> ui.element:
        """Shows it below the button, where the person finds it without scrolling."""
        with self._answer:
            body = notice(tone, title, explanation)
        ui.run_javascript(f"getHtmlElement({self._answer.id}).scrollIntoView({{block: 'nearest'}})")
        return body

    def _show_answer(self, request: ApiRequest, answer: dict[str, Any]) -> None:
        activity_id = answer.get("activity_id")
        with self._say("good", _summary(answer)):
            with div("cluster"):
                if self._visit.settings.simulator_url is not None:
                    a(_("See it on the lock screen"), "/lock-screen")
                if "notification_id" in answer:
                    a(_("Follow its delivery"), f"/delivery-log/{answer['notification_id']}")
                if activity_id:
                    a(_("Follow its delivery"), f"/live-activities/{activity_id}")
            snippet(json_text(answer), "answer")
        if request.operation is Operation.START and activity_id:
            self._activity.go_on_with(activity_id)


def _show_only(kind: str, sides: Mapping[str, ui.element]) -> None:
    for one, side in sides.items():
        side.set_visibility(one == kind)


def _summary(answer: dict[str, Any]) -> str:
    operation = answer.get("operation")
    if operation == "noop":
        return _("Nothing to do: the card shows this state already.")
    if operation == "paused":
        return _("The stream is paused. The state is kept until it is resumed.")
    if answer.get("by_broadcast"):
        return _("Handed to Apple as one broadcast for all phones; Apple does not say which it reaches.")
    notified, queued = answer.get("devices_notified", 0), answer.get("devices_queued", 0)
    now = ngettext("Accepted for {count} device.", "Accepted for {count} devices.", notified).format(count=notified)
    if not queued:
        return now
    later = ngettext("{count} device will get it later.", "{count} devices will get it later.", queued)
    return f"{now} {later.format(count=queued)}"


def _would(action: Any) -> None:
    is_webhook = action.get("type") == "webhook"
    would = (
        _("On a phone this would have the server call {url}") if is_webhook else _("On a phone this would open {url}")
    )
    ui.notify(would.format(url=action.get("url") or _("its URL")))
