"""The delivery log: pushes, Live Activities and webhook calls, one line each."""

from typing import Any
from urllib.parse import quote

from admin_ui.delivery_log.lists import MessageList
from admin_ui.delivery_log.log_page import LISTS, LogPage
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit


def create(site: Site) -> None:
    """Registers `/delivery-log` and the lists beside it."""
    for messages in LISTS:
        _register(site, messages)


def _register(site: Site, messages: MessageList[Any]) -> None:
    @site.page(messages.path, title=_("Delivery log"))
    async def delivery_log(visit: Visit) -> None:
        await LogPage(visit, messages).draw()


def log_of_channel(slug: str) -> str:
    """The address of the log of what was sent to a channel."""
    return f"/delivery-log?channel={quote(slug, safe='')}"


def log_of_key(api_key_id: str) -> str:
    """The address of the log of what an API key has sent."""
    return f"/delivery-log?api_key={quote(api_key_id, safe='')}"


def log_of_device(device_id: str) -> str:
    """The address of the log of what a device was sent."""
    return f"/delivery-log?device={quote(device_id, safe='')}"
