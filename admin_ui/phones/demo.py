"""The demonstration of the lock screen page: example pushes and Live Activities, sent through core."""

import asyncio
import itertools

from smith.core.v1.live_activity_pb2 import (
    LIVE_ACTIVITY_ACTION_TYPE_OPEN_URL,
    LIVE_ACTIVITY_COLOR_GREEN,
    LIVE_ACTIVITY_COLOR_LIME,
    LIVE_ACTIVITY_COLOR_ORANGE,
    LIVE_ACTIVITY_TYPE_PROGRESS,
    LIVE_ACTIVITY_TYPE_SEGMENTED_PROGRESS,
    LiveActivityAction,
    LiveActivityContentState,
)
from smith.core.v1.live_activity_service_pb2 import DeleteLiveActivityStreamRequest, PutLiveActivityStreamRequest
from smith.core.v1.push_notification_pb2 import (
    PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL,
    PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK,
    PushNotificationAction,
)
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.texts import _
from admin_ui.visit import Visit

COFFEE = "demo-coffee"
DEPLOY = "demo-deploy"
COFFEE_STEPS = (
    (20, _("Grinding the beans")),
    (45, _("Heating the water")),
    (70, _("Pouring, slowly")),
    (90, _("Almost there")),
    (100, _("Enjoy!")),
)
DEPLOY_STEPS = (
    _("Install dependencies"),
    _("Run 1,204 tests"),
    _("Build the image"),
    _("Migrate the database"),
    _("Roll out"),
)
STEP_SECONDS = 1.6
"""A phone takes one update a second."""

PUSHES = (
    (_("It works! 🎉"), _("Your server, your phone. Nothing in between but Apple, and that is simulated, too.")),
    (_("New subscription 💸"), _("Ada upgraded to the Pro plan.")),
    (_("Build failed 🚨"), _("main is red: test_time_travel fails on Tuesdays only.")),
    (_("Backup finished 🗄️"), _("4.2 GB in 38 seconds, verified.")),
)
DOCS = "https://activitysmith.com/docs"

FIRST_PUSH = ApiRequest(Operation.PUSH, {"title": _("Hello from my backend 👋"), "message": _("Sent with curl.")})
"""The push in the curl command that the page shows."""


class Demo:
    """One page's demonstration. Methods raise Refused."""

    def __init__(self, visit: Visit, webhook_url: str | None) -> None:
        """`webhook_url`: a URL that the server may call; None if there is none."""
        self._visit = visit
        self._webhook_url = webhook_url
        self._pushes = itertools.cycle(PUSHES)
        self._coffee = 0

    @property
    def next_percentage(self) -> int | None:
        """The percentage that the next step shows; None if the Live Activity is not started."""
        return COFFEE_STEPS[self._coffee][0] if self._coffee else None

    async def push(self) -> None:
        """Sends a push with two buttons."""
        title, message = next(self._pushes)
        actions = [
            PushNotificationAction(title=_("Read the docs"), type=PUSH_NOTIFICATION_ACTION_TYPE_OPEN_URL, url=DOCS)
        ]
        if self._webhook_url:
            actions.append(
                PushNotificationAction(
                    title=_("Call a webhook"), type=PUSH_NOTIFICATION_ACTION_TYPE_WEBHOOK, url=self._webhook_url
                )
            )
        request = SendPushNotificationRequest(title=title, message=message, actions=actions)
        await self._visit.ask(self._visit.core.push_notifications.SendPushNotification, request)

    async def move_activity(self) -> None:
        """Starts a Live Activity, moves it on, and ends it in the end."""
        percentage, subtitle = COFFEE_STEPS[self._coffee]
        is_last = self._coffee == len(COFFEE_STEPS) - 1
        state = LiveActivityContentState(
            title=_("Coffee ☕"),
            subtitle=subtitle,
            type=LIVE_ACTIVITY_TYPE_PROGRESS,
            percentage=percentage,
            color=LIVE_ACTIVITY_COLOR_GREEN if is_last else LIVE_ACTIVITY_COLOR_ORANGE,
        )
        if is_last:
            state.auto_dismiss_seconds = 15
            await self._end(COFFEE, state)
        else:
            await self._put(COFFEE, state, None)
        self._coffee = 0 if is_last else self._coffee + 1

    async def stream(self) -> None:
        """Runs a deployment from its start to its end."""
        action = LiveActivityAction(title=_("Open the run"), type=LIVE_ACTIVITY_ACTION_TYPE_OPEN_URL, url=DOCS)
        has_begun = False
        try:
            for step, subtitle in enumerate(DEPLOY_STEPS, start=1):
                await self._put(DEPLOY, _deployment(subtitle, step), action)
                has_begun = True
                await asyncio.sleep(STEP_SECONDS)
        finally:
            if has_begun:
                # The card is removed even if a step fails.
                last = _deployment(_("Live for all users 🚀"), len(DEPLOY_STEPS))
                last.auto_dismiss_seconds = 15
                await self._end(DEPLOY, last)

    async def _put(self, key: str, state: LiveActivityContentState, action: LiveActivityAction | None) -> None:
        request = PutLiveActivityStreamRequest(stream_key=key, content_state=state, action=action)
        await self._visit.ask(self._visit.core.live_activities.PutLiveActivityStream, request)

    async def _end(self, key: str, state: LiveActivityContentState) -> None:
        request = DeleteLiveActivityStreamRequest(stream_key=key, content_state=state)
        await self._visit.ask(self._visit.core.live_activities.DeleteLiveActivityStream, request)


def _deployment(subtitle: str, step: int) -> LiveActivityContentState:
    return LiveActivityContentState(
        title=_("Deploying to production"),
        subtitle=subtitle,
        type=LIVE_ACTIVITY_TYPE_SEGMENTED_PROGRESS,
        number_of_steps=len(DEPLOY_STEPS),
        current_step=step,
        color=LIVE_ACTIVITY_COLOR_LIME,
        step_color=LIVE_ACTIVITY_COLOR_GREEN,
    )
