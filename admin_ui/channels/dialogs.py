"""The dialogs that create, rename and delete a channel."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from smith.core.v1.channel_pb2 import Channel
from smith.core.v1.channel_service_pb2 import (
    CreateChannelRequest,
    DeleteChannelRequest,
    GetChannelUsageRequest,
    GetChannelUsageResponse,
    UpdateChannelRequest,
)

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.dialogs import confirm, dialog, dialog_actions, gone_when_closed
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, p
from admin_ui.components.lists import and_more
from admin_ui.core import Refused
from admin_ui.texts import _
from admin_ui.visit import Visit

SLUG_LENGTH = 64
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
WRONG_SLUG = _("Lower-case letters, digits and single hyphens between them, as in on-call.")
NAMED = 5
"""Keys and streams that the question before deleting names."""

Done = Callable[[], Awaitable[None]]


def slug_of(name: str) -> str:
    """What a channel of this name might be called in requests: lower-case letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-")


class ChannelDialogs:
    """Creates, renames and deletes channels, each by a dialog."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._stage = div("hidden")

    async def create(self, done: Done) -> None:
        """Opens the dialog for a new channel; `done` is awaited when it is there."""

        async def save(name: str, slug: str) -> None:
            request = CreateChannelRequest(slug=slug, name=name or None)
            await self._visit.ask(self._visit.core.channels.CreateChannel, request)
            await done()

        self._open(_("Create channel"), _("Create"), "", "", save)

    async def rename(self, channel: Channel, done: Done) -> None:
        """Opens the dialog for another name or slug; `done` is awaited when they are changed."""

        async def save(name: str, slug: str) -> None:
            request = UpdateChannelRequest(channel_id=channel.id, slug=slug, name=name)
            await self._visit.ask(self._visit.core.channels.UpdateChannel, request)
            await done()

        self._open(_("Rename channel"), _("Save"), channel.name, channel.slug, save)

    async def delete(self, channel: Channel) -> bool:
        """Says what uses the channel, asks, and deletes it. True if it was deleted. Raises Refused."""
        usage = await self._visit.ask(
            self._visit.core.channels.GetChannelUsage, GetChannelUsageRequest(channel_id=channel.id)
        )
        with self._stage:
            agreed = await confirm(_("Delete {name}?").format(name=channel.name), describe(usage), _("Delete channel"))
        if agreed:
            request = DeleteChannelRequest(channel_id=channel.id)
            await self._visit.ask(self._visit.core.channels.DeleteChannel, request)
        return agreed

    def _open(self, title: str, verb: str, name: str, slug: str, save: Callable[[str, str], Awaitable[None]]) -> None:
        with self._stage, dialog(title) as shown:
            named = ui.input(_("Name"), value=name, placeholder=_("On call")).props("autofocus")
            named.props["maxlength"] = 100
            called = ui.input(_("Slug"), value=slug, placeholder="on-call")
            called.props["maxlength"] = SLUG_LENGTH
            called.props["hint"] = _("What requests call it")
            problem = p("", "tone-bad").props("role=alert")
            suggested = slug_of(name)

            def suggest() -> None:
                nonlocal suggested
                if (called.value or "") in ("", suggested) and not slug:
                    suggested = slug_of(named.value or "")
                    called.value = suggested

            async def submit() -> None:
                problem.text = ""
                named.error = None if (named.value or "").strip() else _("Give the channel a name.")
                called.error = None if SLUG.fullmatch((called.value or "").strip()) else WRONG_SLUG
                if named.error or called.error:
                    return
                try:
                    await save((named.value or "").strip(), (called.value or "").strip())
                except Refused as refusal:
                    if refusal.is_signed_out:
                        raise
                    field, words = show_refusal(refusal, {"name": _("Name"), "slug": _("Slug")})
                    if field:
                        {"name": named, "slug": called}[field].error = words
                    else:
                        problem.text = words
                else:
                    shown.close()

            named.on_value_change(suggest)
            with dialog_actions():
                secondary(_("Cancel"), shown.close)
                primary(verb, submit)
        gone_when_closed(shown)
        shown.open()


def describe(usage: GetChannelUsageResponse) -> str:
    """Sentences about the keys and streams that use the channel, and what the deletion means for them."""
    told = []
    if usage.api_key_names:
        told.append(_("API keys that lose it: {listed}.").format(listed=_listed(usage.api_key_names)))
    if usage.stream_keys:
        told.append(_("Streams whose Live Activity is for it: {listed}.").format(listed=_listed(usage.stream_keys)))
    told.append(_("Requests that name it are refused from then on. People and devices stay."))
    return " ".join(told)


def _listed(names: Sequence[str]) -> str:
    items = list(names)
    shown = ", ".join(items[:NAMED])
    return shown if len(items) <= NAMED else and_more(shown, len(items) - NAMED)
