"""What core asks of the delivery service."""

from dataclasses import dataclass

import grpc

from core_service.apns_check.grpc_asker import GrpcAsker
from core_service.live_activities.broadcasts.grpc_channels import GrpcChannelRequests
from core_service.mail.grpc_sender import GrpcMailSender
from core_service.sending.grpc_sender import GrpcPushSender
from core_service.status.destinations import KnownDestinations
from core_service.status.grpc_destinations import GrpcDestinations
from core_service.webhooks.grpc_caller import GrpcWebhookCaller


@dataclass(frozen=True, slots=True)
class DeliveryClients:
    """A client for each purpose, all over one channel."""

    pushes: GrpcPushSender
    broadcast_channels: GrpcChannelRequests
    webhooks: GrpcWebhookCaller
    mails: GrpcMailSender
    destinations: KnownDestinations
    apns_checks: GrpcAsker


def delivery_clients(channel: grpc.aio.Channel, *, gather_seconds: float) -> DeliveryClients:
    """Builds them. `gather_seconds`: see `core_service.work_queue.gathering.Gathering.pushes`."""
    return DeliveryClients(
        GrpcPushSender(channel, gather_seconds=gather_seconds),
        GrpcChannelRequests(channel),
        GrpcWebhookCaller(channel),
        GrpcMailSender(channel),
        KnownDestinations(GrpcDestinations(channel)),
        GrpcAsker(channel),
    )
