"""What sends to APNs, as one."""

from collections.abc import Callable
from dataclasses import dataclass

from smith.delivery.v1.delivery_pb2 import Environment

from delivery_service.apns.channels import BroadcastChannels
from delivery_service.apns.credentials_check import CredentialsCheck
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.sender import ApnsSender
from delivery_service.metrics import ApnsMetrics

Pools = dict["Environment.ValueType", ApnsConnectionPool]


@dataclass(frozen=True, slots=True)
class ApnsArea:
    """The parts that others use. Without a key there are no pools, and `fault` says so."""

    pools: Pools
    sender: ApnsSender
    check: CredentialsCheck
    channels: BroadcastChannels
    fault: Callable[[], str]
    """Returns why nothing can be sent now; empty if it can."""
    metrics: ApnsMetrics

    def is_busy(self) -> bool:
        """Whether a push to a phone is on its way."""
        return any(pool.is_busy for pool in self.pools.values())

    def close(self) -> None:
        """Closes all connections."""
        self.sender.close()
        self.channels.close()
