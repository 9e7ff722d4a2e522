"""The settings of the three parts, each with its own."""

from dataclasses import dataclass
from typing import TypeVar

from core_service.settings import CoreSettings
from delivery_service.settings import DeliverySettings
from gateway.settings import GatewaySettings
from service_kit.settings import OptionalPort, ServiceSettings, load

S = TypeVar("S", bound=ServiceSettings)


class MetricsPorts(ServiceSettings):
    """Ports on which Prometheus may read each part's metrics; none by default."""

    gateway_metrics_port: OptionalPort = None
    core_metrics_port: OptionalPort = None
    delivery_metrics_port: OptionalPort = None


@dataclass(frozen=True)
class PartSettings:
    """What each part would be told as a process of its own."""

    gateway: GatewaySettings
    core: CoreSettings
    delivery: DeliverySettings


def read() -> PartSettings:
    """The settings from the environment. Ends the process with one clear line per mistake if they are invalid."""
    ports = load(MetricsPorts)
    return PartSettings(
        _with_port(load(GatewaySettings), ports.gateway_metrics_port),
        _with_port(load(CoreSettings), ports.core_metrics_port),
        _with_port(load(DeliverySettings), ports.delivery_metrics_port),
    )


def _with_port(settings: S, metrics_port: int | None) -> S:
    return settings.model_copy(update={"metrics_port": metrics_port})
