"""Core, as the admin app calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from smith.core.v1 import (
    account_data_service_pb2_grpc,
    account_service_pb2_grpc,
    api_key_service_pb2_grpc,
    apns_service_pb2_grpc,
    audit_service_pb2_grpc,
    badge_service_pb2_grpc,
    channel_service_pb2_grpc,
    delivery_log_service_pb2_grpc,
    device_service_pb2_grpc,
    event_service_pb2_grpc,
    insight_service_pb2_grpc,
    invite_service_pb2_grpc,
    live_activity_service_pb2_grpc,
    mail_service_pb2_grpc,
    metric_service_pb2_grpc,
    passkey_service_pb2_grpc,
    password_reset_service_pb2_grpc,
    push_notification_service_pb2_grpc,
    request_log_service_pb2_grpc,
    saved_message_service_pb2_grpc,
    second_factor_service_pb2_grpc,
    single_sign_on_service_pb2_grpc,
    status_service_pb2_grpc,
    webhook_service_pb2_grpc,
)

from admin_ui.texts import _
from service_kit import tracing
from service_kit.status import from_rpc_error

if TYPE_CHECKING:
    from smith.core.v1.account_data_service_pb2_grpc import AccountDataServiceAsyncStub
    from smith.core.v1.account_service_pb2_grpc import AccountServiceAsyncStub
    from smith.core.v1.api_key_service_pb2_grpc import ApiKeyServiceAsyncStub
    from smith.core.v1.apns_service_pb2_grpc import ApnsServiceAsyncStub
    from smith.core.v1.audit_service_pb2_grpc import AuditServiceAsyncStub
    from smith.core.v1.badge_service_pb2_grpc import BadgeServiceAsyncStub
    from smith.core.v1.channel_service_pb2_grpc import ChannelServiceAsyncStub
    from smith.core.v1.delivery_log_service_pb2_grpc import DeliveryLogServiceAsyncStub
    from smith.core.v1.device_service_pb2_grpc import DeviceServiceAsyncStub
    from smith.core.v1.event_service_pb2_grpc import EventServiceAsyncStub
    from smith.core.v1.insight_service_pb2_grpc import InsightServiceAsyncStub
    from smith.core.v1.invite_service_pb2_grpc import InviteServiceAsyncStub
    from smith.core.v1.live_activity_service_pb2_grpc import LiveActivityServiceAsyncStub
    from smith.core.v1.mail_service_pb2_grpc import MailServiceAsyncStub
    from smith.core.v1.metric_service_pb2_grpc import MetricServiceAsyncStub
    from smith.core.v1.passkey_service_pb2_grpc import PasskeyServiceAsyncStub
    from smith.core.v1.password_reset_service_pb2_grpc import PasswordResetServiceAsyncStub
    from smith.core.v1.push_notification_service_pb2_grpc import PushNotificationServiceAsyncStub
    from smith.core.v1.request_log_service_pb2_grpc import RequestLogServiceAsyncStub
    from smith.core.v1.saved_message_service_pb2_grpc import SavedMessageServiceAsyncStub
    from smith.core.v1.second_factor_service_pb2_grpc import SecondFactorServiceAsyncStub
    from smith.core.v1.single_sign_on_service_pb2_grpc import SingleSignOnServiceAsyncStub
    from smith.core.v1.status_service_pb2_grpc import StatusServiceAsyncStub
    from smith.core.v1.webhook_service_pb2_grpc import WebhookServiceAsyncStub

Request = TypeVar("Request")
Response = TypeVar("Response")

AWAY = _("The server cannot answer right now. Try again in a moment.")
IN_OTHER_WORDS = {
    grpc.StatusCode.UNAVAILABLE: AWAY,
    grpc.StatusCode.DEADLINE_EXCEEDED: _("The server did not answer in time. Try again in a moment."),
    grpc.StatusCode.RESOURCE_EXHAUSTED: _("The server is overloaded. Try again in a moment."),
    grpc.StatusCode.UNIMPLEMENTED: _("The server is of an older release than this page and cannot do this yet."),
}
"""Messages for people, by gRPC status, for errors that core did not explain itself."""


class Refused(Exception):
    """Core refused a call, or could not be reached. `message` is a sentence for people."""

    def __init__(
        self, code: grpc.StatusCode, reason: str, message: str, facts: Mapping[str, Any], field: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        """Name of `smith.core.v1.ErrorReason` without its prefix; empty if core could not say."""
        self.message = message
        self.facts = facts
        self.field = field
        """Path of the wrong field, as the API names it; empty if the error is not about a field."""

    @property
    def is_signed_out(self) -> bool:
        """Whether the person is not signed in, or has switched to another account than the page's. The page for signing
        in tells the two apart."""
        return self.code is grpc.StatusCode.UNAUTHENTICATED

    @property
    def is_for_want_of_second_factor(self) -> bool:
        """Whether the account requires a second factor and the person has none."""
        return self.reason == "SECOND_FACTOR_REQUIRED"


def refused(error: grpc.aio.AioRpcError) -> Refused:
    """The failed call as a Refused, with a message for people."""
    remote = from_rpc_error(error)
    if remote.reason:
        return Refused(remote.code, remote.reason, remote.message, remote.facts, remote.field)
    # gRPC's own words may name hosts and files.
    message = IN_OTHER_WORDS.get(remote.code, _("Something went wrong on the server."))
    return Refused(remote.code, "", message, {})


@dataclass(frozen=True)
class Caller:
    """Who calls: session, address and account, sent to core with each call."""

    session_token: str | None = field(repr=False)
    """`ses_...`; None before signing in."""
    client_address: str
    """IP address of the browser; empty if unknown."""
    account_id: str = ""
    """The account that a page was drawn for. Core refuses the call if the person has switched to another account in
    another tab. Empty for calls that are about the session alone."""

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What goes with each call."""
        pairs = [(tracing.REQUEST_ID_KEY, tracing.request_id.get() or tracing.new_request_id())]
        if self.client_address.isascii() and self.client_address.isprintable():
            pairs.append(("x-client-address", self.client_address))
        if self.session_token:
            pairs.append(("authorization", f"Bearer {self.session_token}"))
        if self.account_id:
            pairs.append(("x-account-id", self.account_id))
        return tuple(pairs)


class Core:
    """The stubs of core's services, over one channel for all people."""

    def __init__(self, channel: grpc.aio.Channel, call_timeout: float) -> None:
        self._call_timeout = call_timeout
        self.account_data: AccountDataServiceAsyncStub = account_data_service_pb2_grpc.AccountDataServiceStub(channel)
        self.accounts: AccountServiceAsyncStub = account_service_pb2_grpc.AccountServiceStub(channel)
        self.api_keys: ApiKeyServiceAsyncStub = api_key_service_pb2_grpc.ApiKeyServiceStub(channel)
        self.apns: ApnsServiceAsyncStub = apns_service_pb2_grpc.ApnsServiceStub(channel)
        self.audit: AuditServiceAsyncStub = audit_service_pb2_grpc.AuditServiceStub(channel)
        self.badges: BadgeServiceAsyncStub = badge_service_pb2_grpc.BadgeServiceStub(channel)
        self.channels: ChannelServiceAsyncStub = channel_service_pb2_grpc.ChannelServiceStub(channel)
        self.delivery_log: DeliveryLogServiceAsyncStub = delivery_log_service_pb2_grpc.DeliveryLogServiceStub(channel)
        self.devices: DeviceServiceAsyncStub = device_service_pb2_grpc.DeviceServiceStub(channel)
        self.events: EventServiceAsyncStub = event_service_pb2_grpc.EventServiceStub(channel)
        self.insight: InsightServiceAsyncStub = insight_service_pb2_grpc.InsightServiceStub(channel)
        self.invites: InviteServiceAsyncStub = invite_service_pb2_grpc.InviteServiceStub(channel)
        self.mails: MailServiceAsyncStub = mail_service_pb2_grpc.MailServiceStub(channel)
        self.metrics: MetricServiceAsyncStub = metric_service_pb2_grpc.MetricServiceStub(channel)
        self.live_activities: LiveActivityServiceAsyncStub = live_activity_service_pb2_grpc.LiveActivityServiceStub(
            channel
        )
        self.passkeys: PasskeyServiceAsyncStub = passkey_service_pb2_grpc.PasskeyServiceStub(channel)
        self.password_resets: PasswordResetServiceAsyncStub = password_reset_service_pb2_grpc.PasswordResetServiceStub(
            channel
        )
        self.push_notifications: PushNotificationServiceAsyncStub = (
            push_notification_service_pb2_grpc.PushNotificationServiceStub(channel)
        )
        self.saved_messages: SavedMessageServiceAsyncStub = saved_message_service_pb2_grpc.SavedMessageServiceStub(
            channel
        )
        self.single_sign_on: SingleSignOnServiceAsyncStub = single_sign_on_service_pb2_grpc.SingleSignOnServiceStub(
            channel
        )
        self.second_factor: SecondFactorServiceAsyncStub = second_factor_service_pb2_grpc.SecondFactorServiceStub(
            channel
        )
        self.request_log: RequestLogServiceAsyncStub = request_log_service_pb2_grpc.RequestLogServiceStub(channel)
        self.status: StatusServiceAsyncStub = status_service_pb2_grpc.StatusServiceStub(channel)
        self.webhooks: WebhookServiceAsyncStub = webhook_service_pb2_grpc.WebhookServiceStub(channel)

    async def ask(
        self, caller: Caller, method: "grpc.aio.UnaryUnaryMultiCallable[Request, Response]", request: Request
    ) -> Response:
        """The method's answer. Raises Refused."""
        try:
            # A core that restarts is back within seconds: the person need not notice.
            return await method(request, metadata=caller.metadata, timeout=self._call_timeout, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            raise refused(error) from error
