"""What owners can do to streams and activities: pause, resume, delete, end. Each asks for confirmation first."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from smith.core.v1.live_activity_service_pb2 import (
    DeleteLiveActivityStreamRequest,
    PauseLiveActivityStreamRequest,
    ResumeLiveActivityStreamRequest,
    StopLiveActivityRequest,
)

from admin_ui.components.dialogs import confirm
from admin_ui.texts import _
from admin_ui.visit import Visit

Then = Callable[[], Awaitable[None]]


async def pause(visit: Visit, stream_key: str, then: Then) -> None:
    """Takes the stream off all phones. Raises Refused."""
    question = _(
        "Its card leaves all phones at once. The server keeps the latest state that your backend sends meanwhile, "
        "and shows it when you resume the stream."
    )
    if await confirm(
        _("Pause {stream_key}?").format(stream_key=stream_key), question, _("Pause stream"), is_dangerous=False
    ):
        request = PauseLiveActivityStreamRequest(stream_key=stream_key)
        await visit.ask(visit.core.live_activities.PauseLiveActivityStream, request)
        ui.notify(_("{stream_key} is paused").format(stream_key=stream_key), type="positive")
        await then()


async def resume(visit: Visit, stream_key: str, then: Then) -> None:
    """Shows the stream's latest state again. Raises Refused."""
    request = ResumeLiveActivityStreamRequest(stream_key=stream_key)
    answer = await visit.ask(visit.core.live_activities.ResumeLiveActivityStream, request)
    shown = answer.HasField("activity_id")
    ui.notify(
        _("{stream_key} goes on").format(stream_key=stream_key)
        if shown
        else _("{stream_key} goes on with its next request").format(stream_key=stream_key),
        type="positive",
    )
    await then()


async def delete(visit: Visit, stream_key: str, then: Then) -> None:
    """Ends the stream's card and deletes the stream. Raises Refused."""
    question = _(
        "Its card ends on all phones, and its last state is forgotten. The next request with this key starts another."
    )
    if await confirm(_("Delete {stream_key}?").format(stream_key=stream_key), question, _("Delete stream")):
        request = DeleteLiveActivityStreamRequest(stream_key=stream_key)
        await visit.ask(visit.core.live_activities.DeleteLiveActivityStream, request)
        ui.notify(_("{stream_key} is deleted").format(stream_key=stream_key), type="positive")
        await then()


async def stop(visit: Visit, activity_id: str, title: str, *, is_stream: bool, then: Then) -> None:
    """Ends the activity with the state that it shows now. Raises Refused."""
    question = _("It ends on all phones with the state that it shows now.")
    if is_stream:
        question += " " + _(
            "The stream stays: the next request of your backend starts another card. To keep it away, pause it."
        )
    if await confirm(_("End “{title}”?").format(title=title), question, _("End Live Activity")):
        request = StopLiveActivityRequest(activity_id=activity_id)
        await visit.ask(visit.core.live_activities.StopLiveActivity, request)
        ui.notify(_("Ended"), type="positive")
        await then()
