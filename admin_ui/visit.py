"""A page that a signed-in person has open."""

from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

import grpc
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.account_service_pb2 import GetAccountResponse
from smith.core.v1.event_pb2 import EventType

from admin_ui.core import Caller, Core
from admin_ui.destinations import UNKNOWN
from admin_ui.feed import Refresh, Watcher
from admin_ui.settings import AdminSettings

Request = TypeVar("Request")
Response = TypeVar("Response")


class Visit:
    """A signed-in person, and the page they look at."""

    def __init__(self, core: Core, caller: Caller, settings: AdminSettings, found: GetAccountResponse) -> None:
        self.core = core
        self.settings = settings
        self.caller = replace(caller, account_id=found.account.id)
        """Who calls core for the page; core refuses calls in another account than the page's."""
        self.account = found.account
        self.member = found.member
        self.accounts = found.accounts
        """All accounts that the person belongs to, this one among them."""
        self.lacks_second_factor = found.lacks_second_factor
        """The account requires a second factor and the person has none: they can only set one up."""
        self.is_busy = False
        """The page shows something that must not go away by itself."""
        self.destinations = UNKNOWN
        """Where pushes and mails go, so that the page can name it."""
        self.watchers: list[Watcher] = []

    async def ask(self, method: "grpc.aio.UnaryUnaryMultiCallable[Request, Response]", request: Request) -> Response:
        """Core's answer to the person. Raises Refused, also if they have switched to another account."""
        return await self.core.ask(self.caller, method, request)

    @property
    def is_owner(self) -> bool:
        """Whether to offer what only owners may do. Core checks the right itself."""
        return self.member.role == ROLE_OWNER

    def watch(self, types: "Collection[EventType.ValueType]", refresh: Refresh) -> None:
        """Calls `refresh(events)` after events of these types, or of any if none are named; four times a second
        at most.

        With an empty list, anything may have changed: the stream has begun, or was interrupted. Call it while the
        page is built, before it reads its data.
        """
        self.watchers.append(Watcher(types, refresh))
