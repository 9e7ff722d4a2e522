"""The page that one begins with."""

from collections.abc import Sequence

from smith.core.v1.event_pb2 import EVENT_TYPE_DELIVERY_RESUMED, EVENT_TYPE_DELIVERY_STOPPED, Event
from smith.core.v1.status_service_pb2 import GetServerStatusRequest

from admin_ui.components.html import div
from admin_ui.components.layout import page_header
from admin_ui.components.states import notice
from admin_ui.site import Site
from admin_ui.visit import Visit


def create(site: Site) -> None:
    """Registers `/`."""

    @site.page("/", title="Overview")
    async def overview(visit: Visit) -> None:
        with page_header("Overview", f"What happens in {visit.account.name}."):
            pass
        alarms = div("stack")

        async def refresh(events: Sequence[Event]) -> None:
            status = await visit.ask(visit.core.status.GetServerStatus, GetServerStatusRequest())
            alarms.clear()
            with alarms:
                for alarm in status.alarms:
                    notice("bad", f"Delivery stands still: {alarm.reason}", alarm.explanation)

        visit.watch({EVENT_TYPE_DELIVERY_STOPPED, EVENT_TYPE_DELIVERY_RESUMED}, refresh)
        await refresh([])
