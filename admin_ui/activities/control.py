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
from admin_ui.visit import Visit

Then = Callable[[], Awaitable[None]]


async def pause(visit: Visit, stream_key: str, then: Then) -> None:
    """Takes the stream off all phones. Raises Refused."""
    question = (
        "Its card leaves all phones at once. The server keeps the latest state that your backend sends meanwhile, "
        "and shows it when you resume the stream."
    )
    if await confirm(f"Pause {stream_key}?", question, "Pause stream", is_dangerous=False):
        request = PauseLiveActivityStreamRequest(stream_key=stream_key)
        await visit.ask(visit.core.live_activities.PauseLiveActivityStream, request)
        ui.notify(f"{stream_key} is paused", type="positive")
        await then()


async def resume(visit: Visit, stream_key: str, then: Then) -> None:
    """Shows the stream's latest state again. Raises Refused."""
    request = ResumeLiveActivityStreamRequest(stream_key=stream_key)
    answer = await visit.ask(visit.core.live_activities.ResumeLiveActivityStream, request)
    shown = answer.HasField("activity_id")
    ui.notify(f"{stream_key} goes on" if shown else f"{stream_key} goes on with its next request", type="positive")
    await then()


async def delete(visit: Visit, stream_key: str, then: Then) -> None:
    """Ends the stream's card and deletes the stream. Raises Refused."""
    question = (
        "Its card ends on all phones, and its last state is forgotten. The next request with this key starts another."
    )
    if await confirm(f"Delete {stream_key}?", question, "Delete stream"):
        request = DeleteLiveActivityStreamRequest(stream_key=stream_key)
        await visit.ask(visit.core.live_activities.DeleteLiveActivityStream, request)
        ui.notify(f"{stream_key} is deleted", type="positive")
        await then()


async def stop(visit: Visit, activity_id: str, title: str, *, is_stream: bool, then: Then) -> None:
    """Ends the activity with the state that it shows now. Raises Refused."""
    question = "It ends on all phones with the state that it shows now."
    if is_stream:
        question += (
            " The stream stays: the next request of your backend starts another card. To keep it away, pause it."
        )
    if await confirm(f"End “{title}”?", question, "End Live Activity"):
        request = StopLiveActivityRequest(activity_id=activity_id)
        await visit.ask(visit.core.live_activities.StopLiveActivity, request)
        ui.notify("Ended", type="positive")
        await then()
