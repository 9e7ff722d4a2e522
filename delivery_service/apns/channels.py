"""Broadcast channels of Apple: has them made and deleted. Core says which, and keeps their ids."""

import asyncio
import uuid
from collections.abc import Callable, Mapping

from aioapns.common import NotificationResult
from smith.delivery.v1.delivery_pb2 import Environment, Outcome
from smith.delivery.v1.delivery_service_pb2 import CreateBroadcastChannelResponse

from delivery_service.apns import outcomes
from delivery_service.apns.http_request import ApnsRequest, ChannelEndRequest, NewChannelRequest
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.request import APNS_ID, BUNDLE_ID, CHANNEL_ID, Job
from delivery_service.apns.sender import ApnsSender
from delivery_service.apns.sending import Answer
from delivery_service.metrics import ChannelMetrics
from service_kit.tracing import NO_ORIGIN


class BroadcastChannels:
    """One pool of connections for each environment: channels are managed at hosts of their own."""

    def __init__(
        self,
        pools: Mapping["Environment.ValueType", ApnsConnectionPool],
        *,
        sender: ApnsSender,
        fault: Callable[[], str],
        default_topic: str,
        metrics: ChannelMetrics,
    ) -> None:
        """`fault` returns why nothing can be asked now; empty if it can. `sender` knows what answers mean."""
        self._pools = pools
        self._sender = sender
        self._fault = fault
        self._default_topic = default_topic
        self._metrics = metrics
        self._making: set[asyncio.Task[CreateBroadcastChannelResponse]] = set()
        self._undoing: set[asyncio.Task[Outcome]] = set()

    async def create(
        self, environment: "Environment.ValueType", bundle_id: str, request_id: str
    ) -> CreateBroadcastChannelResponse:
        """Has a channel made. If this is cancelled, the channel that comes of it is deleted: its id reaches no one who
        could use it, and there is no way to find out later whose it was."""
        making = asyncio.create_task(self._create(environment, bundle_id, request_id))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(lambda made: self._undo(made, environment, bundle_id))
            raise

    async def delete(
        self, environment: "Environment.ValueType", bundle_id: str, channel_id: str, request_id: str
    ) -> Outcome:
        """Has a channel deleted, for good."""
        fault = "" if CHANNEL_ID.fullmatch(channel_id) else "MalformedChannelId"
        request = ChannelEndRequest(channel_id, request_id, bundle_id or self._default_topic)
        outcome, _ = await self._ask("delete", environment, request, fault)
        return outcome

    async def _create(
        self, environment: "Environment.ValueType", bundle_id: str, request_id: str
    ) -> CreateBroadcastChannelResponse:
        request = NewChannelRequest(request_id, bundle_id or self._default_topic)
        outcome, channel_id = await self._ask("create", environment, request, "")
        return CreateBroadcastChannelResponse(outcome=outcome, channel_id=channel_id)

    async def _ask(
        self,
        operation: str,
        environment: "Environment.ValueType",
        request: NewChannelRequest | ChannelEndRequest,
        fault: str,
    ) -> tuple[Outcome, str]:
        """Apple's answer, and the id of the channel that was made."""
        fault = fault or self._fault_of(request) or self._fault()
        job = Job(0, environment, request, NO_ORIGIN, fault)
        answer = outcomes.PushFailed(fault) if fault else await self._send(environment, request)
        outcome, channel_id = self._sender.outcome_of(job, answer), ""
        if outcome.kind == outcomes.ACCEPTED and operation == "create":
            channel_id = (answer.description or "") if isinstance(answer, NotificationResult) else ""
            if not CHANNEL_ID.fullmatch(channel_id):
                # Made, and lost: nothing could be sent to it.
                outcome, channel_id = self._sender.outcome_of(job, outcomes.PushFailed("MalformedChannelId")), ""
        self._metrics.count(environment, operation, outcome)
        return outcome, channel_id

    async def _send(self, environment: "Environment.ValueType", request: ApnsRequest) -> Answer:
        try:
            return await self._pools[environment].send_notification(request)
        except outcomes.PushFailed as failure:
            return failure

    def _fault_of(self, request: NewChannelRequest | ChannelEndRequest) -> str:
        if not APNS_ID.fullmatch(request.notification_id):
            return "BadMessageId"
        if not request.bundle_id:
            return "MissingBundleId"
        return "" if BUNDLE_ID.fullmatch(request.bundle_id) else "MalformedBundleId"

    def _undo(
        self,
        made: "asyncio.Task[CreateBroadcastChannelResponse]",
        environment: "Environment.ValueType",
        bundle_id: str,
    ) -> None:
        if made.cancelled() or made.exception() is not None or not made.result().channel_id:
            return
        ending = asyncio.create_task(self.delete(environment, bundle_id, made.result().channel_id, str(uuid.uuid4())))
        self._undoing.add(ending)
        ending.add_done_callback(self._undoing.discard)

    def close(self) -> None:
        """Closes all connections."""
        for pool in self._pools.values():
            pool.close()
