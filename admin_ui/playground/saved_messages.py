"""The line above a form that fills it from a template or a message that somebody of the account has saved."""

import json
from collections.abc import Callable
from typing import Any

from nicegui import ui
from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.saved_message_service_pb2 import (
    DeleteSavedMessageRequest,
    ListSavedMessagesRequest,
    SavedMessage,
    SaveMessageRequest,
)

from admin_ui.components.buttons import icon_button, primary, quiet, secondary
from admin_ui.components.dialogs import confirm, dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div
from admin_ui.components.saving import save_from
from admin_ui.playground.templates import TEMPLATES
from admin_ui.sending.api_request import ApiRequest
from admin_ui.texts import _
from admin_ui.visit import Visit

MAX_NAME = 80


class SavedMessages:
    """Templates and saved messages to choose from, and the way to save what is written."""

    def __init__(self, visit: Visit, read: Callable[[], ApiRequest], fill: Callable[[dict[str, Any]], None]) -> None:
        """`read` gives the request as it is filled in, `fill` fills the form with the body of one."""
        self._visit = visit
        self._read = read
        self._fill = fill
        self._saved: dict[str, SavedMessage] = {}
        self._stage = div("hidden")
        with div("saved-messages"):
            # An input with its own name for drafts would be typed into; this one only chooses.
            self._choice = ui.select({}, label=_("Start from"), on_change=self._chosen).props("clearable")
            self._delete = icon_button("delete", _("Delete this saved message"), self._ask_to_delete)
            quiet(_("Save this message"), self._ask_for_name, icon="bookmark")
        self._offer()

    async def refresh(self, chosen: str | None = None) -> None:
        """Reads the saved messages again; `chosen` is the id of the one to show as chosen. Raises Refused."""
        service = self._visit.core.saved_messages
        found = await self._visit.ask(service.ListSavedMessages, ListSavedMessagesRequest())
        self._saved = {message.id: message for message in found.saved_messages}
        self._offer(chosen)

    def _offer(self, chosen: str | None = None) -> None:
        saved = {key: _("{name} · saved").format(name=message.name) for key, message in self._saved.items()}
        self._choice.set_options(
            saved | {name: _("{name} · template").format(name=name) for name in TEMPLATES}, value=chosen
        )
        self._delete.set_visibility(chosen in self._saved)

    def _chosen(self) -> None:
        key = self._choice.value
        self._delete.set_visibility(key in self._saved)
        if key in self._saved:
            self._fill(json.loads(self._saved[key].notification.json))
        elif key in TEMPLATES:
            self._fill(TEMPLATES[key])

    async def _ask_for_name(self) -> None:
        known = self._saved.get(str(self._choice.value))
        about = _("Everybody in this workspace finds it here. A message of the same name is replaced.")
        with self._stage, dialog(_("Save this message"), about) as shown:
            name = ui.input(_("Name"), value=known.name if known else "").props(f"autofocus maxlength={MAX_NAME}")

            async def save() -> None:
                notification = JsonObject(json=json.dumps(self._read().body))
                request = SaveMessageRequest(name=name.value or "", notification=notification)
                service = self._visit.core.saved_messages
                answer = await save_from(name, lambda: self._visit.ask(service.SaveMessage, request))
                if answer is not None:
                    await self.refresh(answer.saved_message.id)
                    ui.notify(_("Saved."), type="positive")
                    shown.close()

            with dialog_actions():
                secondary(_("Cancel"), shown.close)
                primary(_("Save message"), save)
        gone_when_closed(shown)
        shown.open()

    async def _ask_to_delete(self) -> None:
        message = self._saved[str(self._choice.value)]
        with self._stage:
            agreed = await confirm(
                _("Delete “{name}”?").format(name=message.name), _("What was sent with it stays."), _("Delete message")
            )
        if agreed:
            service = self._visit.core.saved_messages
            request = DeleteSavedMessageRequest(saved_message_id=message.id)
            await self._visit.ask(service.DeleteSavedMessage, request)
            await self.refresh()
