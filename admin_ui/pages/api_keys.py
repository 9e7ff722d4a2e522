"""The API keys: which backends may send, and to which channels."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS, ApiKey
from smith.core.v1.api_key_service_pb2 import ListApiKeysRequest, RevokeApiKeyRequest

from admin_ui.components.api_key_dialog import ApiKeyDialog
from admin_ui.components.buttons import icon_button, primary
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import code, div, text
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf, row_actions
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.pages.delivery_log import log_of_key
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit

COLUMNS = (
    Column(_("Name")),
    Column(_("Scope")),
    Column(_("Channels")),
    Column(_("Created")),
    Column(_("Last used")),
    Column(_("Actions"), "actions"),
)
SHOWN_CHANNELS = 4


def create(site: Site) -> None:
    """Registers `/api-keys`."""

    @site.page("/api-keys", title=_("API keys"))
    async def api_keys(visit: Visit) -> None:
        await ApiKeysPage(visit).draw()


class ApiKeysPage:
    """The list of keys and what is done with them."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        dialog = ApiKeyDialog(self._visit, self._refresh)
        self._dialog = dialog
        with page_header(_("API keys"), _("Secrets with which your programs send. Keep them confidential.")):
            primary(_("Create API key"), dialog.create, icon="add")
        self._table: PagedTable[ApiKey] = PagedTable(
            _("API keys"), COLUMNS, self._fetch, self._cells, key=lambda key: key.id, on_empty=self._draw_empty
        )
        self._stage = div("hidden")
        await self._refresh()

    async def _refresh(self) -> None:
        await self._table.refresh()

    async def _fetch(self, page_token: str | None) -> PageOf[ApiKey]:
        request = ListApiKeysRequest(page_size=PAGE_SIZE, page_token=page_token)
        page = await self._visit.ask(self._visit.core.api_keys.ListApiKeys, request)
        return PageOf(page.api_keys, page.next_page_token)

    def _draw_empty(self) -> None:
        with empty_state(
            "key",
            _("No API keys yet"),
            _("A program needs a key to send messages. Make one for each program, for the person who writes it."),
        ):
            primary(_("Create your first key"), self._dialog.create, icon="add")

    def _cells(self, key: ApiKey) -> Sequence[Cell]:
        return (
            partial(_name, key),
            partial(_scope, key),
            partial(_channels, key),
            partial(ago, key.created_at),
            partial(ago, key.last_used_at if key.HasField("last_used_at") else None),
            partial(self._actions, key),
        )

    def _actions(self, key: ApiKey) -> None:
        with row_actions():
            icon_button(
                "receipt_long",
                _("What {name} has sent").format(name=key.name),
                lambda: ui.navigate.to(log_of_key(key.id)),
            )
            icon_button("edit", _("Edit {name}").format(name=key.name), lambda: self._dialog.edit(key))
            icon_button("delete", _("Revoke {name}").format(name=key.name), lambda: self._revoke(key))

    async def _revoke(self, key: ApiKey) -> None:
        with self._stage:
            agreed = await confirm(
                _("Revoke {name}?").format(name=key.name),
                _("Backends that use this key are refused from their next request on. This cannot be undone."),
                _("Revoke key"),
            )
        if agreed:
            request = RevokeApiKeyRequest(api_key_id=key.id)
            await self._visit.ask(self._visit.core.api_keys.RevokeApiKey, request)
            await self._refresh()


def _name(key: ApiKey) -> None:
    with div("stack-tight"):
        text(key.name, "strong")
        text(f"{key.hint}…", "muted small mono")


def _scope(key: ApiKey) -> None:
    if key.scope == API_KEY_SCOPE_CHANNELS:
        badge(_("Some channels"), "info")
    else:
        badge(_("All recipients"))


def _channels(key: ApiKey) -> None:
    if key.scope != API_KEY_SCOPE_CHANNELS:
        text(_("every channel"), "muted")
        return
    if not key.channels:
        text(_("none left: reaches no phone"), "tone-warn")
        return
    with div("cluster"):
        for slug in key.channels[:SHOWN_CHANNELS]:
            code(slug)
        more = len(key.channels) - SHOWN_CHANNELS
        if more > 0:
            text(ngettext("and {count} more", "and {count} more", more).format(count=more), "muted small")
