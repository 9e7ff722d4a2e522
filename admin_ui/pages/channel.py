"""One channel: its people and devices, and how requests address it."""

from nicegui import ui
from smith.core.v1.channel_service_pb2 import GetChannelRequest, GetChannelResponse
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from admin_ui.channels.assignments import Assignable, DeviceAssignments, PeopleAssignments
from admin_ui.channels.dialogs import ChannelDialogs
from admin_ui.components.buttons import danger, link_button, primary, secondary
from admin_ui.components.copying import snippets
from admin_ui.components.html import div, text
from admin_ui.components.layout import back_link, card, page_header
from admin_ui.components.sent import tell_sent
from admin_ui.pages.delivery_log import log_of_channel
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import in_all_languages
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit


def create(site: Site) -> None:
    """Registers `/channels/{channel_id}`."""

    @site.page("/channels/{channel_id}", title=_("Channel"))
    async def channel(visit: Visit, channel_id: str) -> None:
        await ChannelPage(visit, channel_id).draw()


class ChannelPage:
    """The page of one channel."""

    def __init__(self, visit: Visit, channel_id: str) -> None:
        self._visit = visit
        self._channel_id = channel_id
        self._dialogs = ChannelDialogs(visit)

    async def draw(self) -> None:
        """Draws the page. Raises Refused, also if the channel does not exist."""
        found = await self._read()
        channel = found.channel
        back_link(_("Channels"), "/channels")
        with page_header(channel.name, _("Its name in requests is {slug}.").format(slug=channel.slug)):
            link_button(_("What was sent to it"), log_of_channel(channel.slug), icon="receipt_long")
            primary(_("Send a test"), self._send_test, icon="send")
            secondary(_("Rename"), self._rename)
            danger(_("Delete"), self._delete)
        self._reach = text("", "muted")
        with div("columns"):
            with div("stack"):
                self._people = PeopleAssignments(self._visit, channel.id, self._refresh)
                self._devices = DeviceAssignments(self._visit, channel.id, self._refresh)
            with div("stack"), card(_("Send to it"), _("With an API key that may reach this channel.")):
                body = {"title": _("Hello"), "target": {"channels": [channel.slug]}}
                snippets(in_all_languages(ApiRequest(Operation.PUSH, body), self._visit.settings.gateway_url))
        self._show(found)

    async def _read(self) -> GetChannelResponse:
        request = GetChannelRequest(channel_id=self._channel_id)
        self._found = await self._visit.ask(self._visit.core.channels.GetChannel, request)
        return self._found

    async def _refresh(self) -> None:
        self._show(await self._read())

    def _show(self, found: GetChannelResponse) -> None:
        count = found.channel.device_count
        self._reach.text = ngettext("Reaches {count:,} device.", "Reaches {count:,} devices.", count).format(
            count=count
        )
        self._people.show([Assignable(one.user_id, one.name, one.email) for one in found.people])
        self._devices.show([Assignable(one.device_id, one.name, one.user_name) for one in found.devices])

    async def _send_test(self) -> None:
        if not (await self._read()).channel.device_count:
            ui.notify(_("No device is in this channel yet. Add people or devices first."), type="warning")
            return
        request = SendPushNotificationRequest(
            title=_("Test"),
            message=_("Sent to the channel {name} from the web admin.").format(name=self._found.channel.name),
        )
        request.target.channels.append(self._found.channel.slug)
        tell_sent(await self._visit.ask(self._visit.core.push_notifications.SendPushNotification, request))

    async def _rename(self) -> None:
        async def renamed() -> None:
            ui.navigate.reload()

        await self._dialogs.rename(self._found.channel, renamed)

    async def _delete(self) -> None:
        if await self._dialogs.delete(self._found.channel):
            ui.navigate.to("/channels")
