"""The dialogs that create and edit an API key, and the one that shows a new secret, once."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_ALL, API_KEY_SCOPE_CHANNELS, ApiKey, ApiKeyScope
from smith.core.v1.api_key_service_pb2 import CreateApiKeyRequest, UpdateApiKeyRequest
from smith.core.v1.channel_service_pb2 import ListChannelsRequest

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.copying import copyable, snippets
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, labelled, p
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import in_all_languages
from admin_ui.texts import _
from admin_ui.visit import Visit

SCOPES = {API_KEY_SCOPE_ALL: _("All recipients"), API_KEY_SCOPE_CHANNELS: _("Some channels")}
MEANS = {
    API_KEY_SCOPE_ALL: _("Reaches everybody in the workspace; requests may name channels to narrow that down."),
    API_KEY_SCOPE_CHANNELS: _("Reaches only the channels chosen here, even if a request names others."),
}
MAX_OFFERED = 1000
"""Most channels to choose from: the first ones by slug. Typing in the field searches them."""
EXAMPLE = ApiRequest(Operation.PUSH, {"title": _("Build finished"), "message": _("All tests passed")})


class ApiKeyDialog:
    """Asks for a key's name and which channels it may reach. `done` is awaited after each change."""

    def __init__(self, visit: Visit, done: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._done = done
        self._stage = div("hidden")

    async def create(self) -> None:
        """Opens the dialog for a new key. Raises Refused."""
        await self._open(_("Create API key"), _("Create key"), None)

    async def edit(self, key: ApiKey) -> None:
        """Opens the dialog for a key that is there. Raises Refused."""
        await self._open(_("Edit API key"), _("Save"), key)

    async def _open(self, title: str, verb: str, key: ApiKey | None) -> None:
        page = await self._visit.ask(self._visit.core.channels.ListChannels, ListChannelsRequest(page_size=MAX_OFFERED))
        chosen = list(key.channels) if key else []
        offered = {channel.slug: f"{channel.name} ({channel.slug})" for channel in page.channels}
        with self._stage, dialog(title) as shown:
            form = _Form(key, offered | {slug: slug for slug in chosen if slug not in offered}, chosen)
            with dialog_actions():
                secondary(_("Cancel"), shown.close)
                primary(verb, lambda: self._save(form, key, shown))
        gone_when_closed(shown)
        shown.open()

    async def _save(self, form: "_Form", key: ApiKey | None, shown: ui.dialog) -> None:
        if form.is_wrong():
            return
        try:
            secret = await self._send(form, key)
        except Refused as refusal:
            if refusal.is_signed_out:
                raise
            form.refuse(refusal)
            return
        shown.close()
        await self._done()
        if secret:
            self._show(secret)

    async def _send(self, form: "_Form", key: ApiKey | None) -> str:
        """The new key's secret; empty for one that was edited."""
        core = self._visit.core.api_keys
        if key is None:
            request = CreateApiKeyRequest(name=form.name, scope=form.scope, channels=form.channels)
            return (await self._visit.ask(core.CreateApiKey, request)).secret
        change = UpdateApiKeyRequest(api_key_id=key.id, name=form.name, scope=form.scope, channels=form.channels)
        await self._visit.ask(core.UpdateApiKey, change)
        return ""

    def _show(self, secret: str) -> None:
        """Shows the secret, once. Only its button closes the dialog, so that a stray click does not lose the secret."""
        with self._stage, dialog(_("Your new API key")) as shown:
            shown.props("persistent")
            notice("warn", _("Copy it now"), _("It is shown this once: the server keeps only a hash of it."))
            copyable(secret, _("API key"))
            p(_("Send your first push with it:"), "muted")
            code = in_all_languages(EXAMPLE, self._visit.settings.gateway_url)
            snippets({name: f"{_remember(name, secret)}\n\n{lines}" for name, lines in code.items()})
            with dialog_actions():
                primary(_("I have copied it"), shown.close)
        gone_when_closed(shown)
        shown.open()


class _Form:
    """The fields."""

    def __init__(self, key: ApiKey | None, offered: dict[str, str], chosen: Sequence[str]) -> None:
        self._name = ui.input(_("Name"), value=key.name if key else "", placeholder=_("CI pipeline")).props("autofocus")
        self._name.props["maxlength"] = 100
        scope = key.scope if key else API_KEY_SCOPE_ALL
        self._scope = labelled(ui.radio(dict(SCOPES), value=scope).props("inline"), _("Scope"))
        self._means = p("", "muted small")
        self._channels = ui.select(offered, label=_("Channels"), value=list(chosen), multiple=True, with_input=True)
        self._channels.props("use-chips")
        self._problem = p("", "tone-bad").props("role=alert")
        self._scope.on_value_change(self._follow)
        self._follow()

    @property
    def name(self) -> str:
        """What the key is to be called."""
        return str(self._name.value or "").strip()

    @property
    def scope(self) -> ApiKeyScope.ValueType:
        """All devices, or those of some channels."""
        return API_KEY_SCOPE_CHANNELS if self._scope.value == API_KEY_SCOPE_CHANNELS else API_KEY_SCOPE_ALL

    @property
    def channels(self) -> list[str]:
        """The channels it is restricted to; none for everybody."""
        return list(self._channels.value or ()) if self.scope == API_KEY_SCOPE_CHANNELS else []

    def is_wrong(self) -> bool:
        """Whether a field is wrong. Shows each error at its field."""
        self._problem.text = ""
        self._name.error = None if self.name else _("Give the key a name.")
        missing = self.scope == API_KEY_SCOPE_CHANNELS and not self.channels
        self._channels.error = _("Choose at least one channel.") if missing else None
        return bool(self._name.error or self._channels.error)

    def refuse(self, refusal: Refused) -> None:
        """Shows core's refusal at the field that it is about."""
        field, words = show_refusal(refusal, {"name": _("Name"), "channels": _("Channels")})
        inputs = {"name": self._name, "channels": self._channels}
        if field:
            inputs[field].error = words
        else:
            self._problem.text = words

    def _follow(self) -> None:
        self._means.text = MEANS[self.scope]
        self._channels.set_visibility(self.scope == API_KEY_SCOPE_CHANNELS)


def _remember(language: str, secret: str) -> str:
    """The line before the example that puts the secret into `ACTIVITYSMITH_API_KEY`."""
    shell = f"export ACTIVITYSMITH_API_KEY={secret}"
    comment = {"Python": "# ", "Node": "// "}.get(language, "")
    return comment + shell
