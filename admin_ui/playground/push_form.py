"""The form of a push notification."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from admin_ui.api_contract import PUSH_FIELDS, rules_of
from admin_ui.components.html import div
from admin_ui.playground.actions import ActionRows
from admin_ui.playground.fields import Fields
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.texts import _

MAX_ACTIONS = rules_of(PUSH_FIELDS["actions"]).max_items
FIRST = ("title", "subtitle")
"""What stands first in the request, too."""
ELSEWHERE = ("actions", "target")
"""Fields that are more than an input."""


class PushForm:
    """Title, text, media, buttons and channels."""

    def __init__(self, channels: Sequence[str], on_change: Callable[[], None]) -> None:
        self.fields = fields = Fields(on_change)
        with div("composer"):
            fields.line("title", _("Title"), _("Build failed 🚨"))
            with div("composer-pair"):
                fields.line("subtitle", _("Subtitle"), "main")
                fields.choices("target.channels", _("Channels"), channels, hint=_("Everybody, if none"))
            fields.area("message", _("Message"), _("CI pipeline failed on the main branch."))
            with div("composer-pair"):
                fields.line("media", _("Media URL"), hint=_("Image, video or audio; not together with buttons"))
                fields.line("redirection", _("Opens when tapped"), hint=_("A web page, a shortcut, another app's link"))
            with div("composer-pair"):
                fields.of("interruption_level", PUSH_FIELDS["interruption_level"], _("Interrupts"), none=_("As usual"))
                fields.line("icon", _("Icon URL"), hint=_("An image beside the app's icon"))
            self._actions = ActionRows(fields, lambda place: f"actions[{place}]", MAX_ACTIONS, on_change)
            with ui.expansion(_("Badge, sound, payload, tags")).classes("composer-more") as more, div("composer"):
                with div("composer-pair"):
                    fields.number("badge", _("Badge"))
                    fields.line("sound", _("Sound"), hint=_("Name of a sound in your app"))
                fields.area("payload", _("Payload"), hint=_("A JSON object for your app"))
                others = [name for name in PUSH_FIELDS if name not in fields and name not in ELSEWHERE]
                for name in others:
                    fields.of(name, PUSH_FIELDS[name], name.replace("_", " ").capitalize())
        fields.revealed_by(more.open, "badge", "sound", "payload", *others)

    def fill(self, body: Mapping[str, Any]) -> None:
        """Writes this body of a request into the form, in place of what is there."""
        for name in PUSH_FIELDS:
            if name not in ELSEWHERE:
                self.fields.put(name, PUSH_FIELDS[name], body.get(name))
        self._actions.fill(body.get("actions", ()))
        self.fields.choose("target.channels", body.get("target", {}).get("channels", ()))

    def read(self) -> ApiRequest:
        """The request as it is filled in. The title is always part of it: without one it is refused."""
        fields = self.fields
        body: dict[str, Any] = {"title": fields.text("title")}
        names = [name for name in dict.fromkeys([*FIRST, *PUSH_FIELDS]) if name not in ELSEWHERE]
        given = {name: fields.value_of(name, PUSH_FIELDS[name]) for name in names}
        body |= {name: value for name, value in given.items() if value is not None}
        if actions := self._actions.read():
            body["actions"] = actions
        if channels := fields.words("target.channels"):
            body["target"] = {"channels": channels}
        return ApiRequest(Operation.PUSH, body)
