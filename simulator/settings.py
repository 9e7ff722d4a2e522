"""The settings of the simulator."""

from typing import Annotated

from pydantic import Field

from service_kit.addresses import LOOPBACK, BindHost
from service_kit.settings import ServiceSettings

Port = Annotated[int, Field(ge=0, le=65_535)]


class SimulatorSettings(ServiceSettings):
    """The simulator's own settings."""

    simulator_bind_host: BindHost = LOOPBACK
    """Address that it listens on. Not `SMITH_BIND_HOST`: a client that reaches the control API controls phones and
    clock. It must not become reachable because the gateway was opened to the world."""
    simulator_name: str = Field(default="localhost", pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")
    """Host name under which the delivery service reaches it. Its certificate has this name."""
    simulator_port: Port = 8090
    """Control API. 0: any free port."""
    apns_simulator_port: Port = 8443
    """APNs. 0: any free port."""
    webhook_simulator_port: Port = 8444
    """The webhook sink over https, as webhooks are called. 0: any free port."""
    smtp_simulator_port: Port = 8025
    """The mail sink. 0: any free port."""
    webpush_simulator_port: Port = 8445
    """The push service for browsers. 0: any free port."""
    gateway_url: str = "http://127.0.0.1:8000"
    """URL of the REST API for the simulated phones, without a trailing slash."""
