"""The settings of `smith up`."""

import secrets
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from service_kit.addresses import LOOPBACK, BindHost, PublicUrl, TrustedProxies, join, reachable
from service_kit.settings import InternalSecret, OptionalPort, ServiceSettings, empty_is_unset
from service_kit.web_push import AllowedOrigins

Port = Annotated[int, Field(ge=1, le=65535)]


class UpSettings(ServiceSettings):
    """Ports of all processes, and services of the user that replace built-in ones."""

    single_process: bool = True
    """Whether gateway, core and delivery run in one process: a call between them costs little then."""
    gateway_port: Port = 8000
    admin_port: OptionalPort = 8080
    """The web admin's port. If it is empty, no web admin runs."""
    admin_url: str = ""
    """URL of the web admin for browsers, if that is not this machine's loopback."""
    public_gateway_url: Annotated[
        Annotated[PublicUrl | None, BeforeValidator(empty_is_unset)], Field(validation_alias="SMITH_GATEWAY_URL")
    ] = None
    """URL of the REST API for backends and apps, if that is not this machine's loopback."""
    core_port: Port = 50051
    delivery_port: Port = 50052
    simulator_port: Port = 8090
    """The simulator's control API and its phones."""
    apns_simulator_port: Port = 8443
    webhook_simulator_port: Port = 8444
    """The simulator's receiver of webhook calls."""
    smtp_simulator_port: Port = 8025
    """The simulator's receiver of mails."""
    webpush_simulator_port: Port = 8445
    """The simulator's push service for browsers."""
    smtp_host: str | None = None
    """A mail server of the user's; without it the simulator, if it runs, keeps the mails."""
    simulator_bind_host: BindHost = LOOPBACK
    """Address that the simulator listens on, apart from the others: every program that reaches it controls its
    phones."""
    gateway_metrics_port: OptionalPort = None
    """Port on which Prometheus may read the gateway's metrics; none by default. The same for core and delivery."""
    core_metrics_port: OptionalPort = None
    delivery_metrics_port: OptionalPort = None
    database_url: str | None = None
    """A PostgreSQL of the user; without it the embedded one runs."""
    redis_url: str | None = None
    internal_secret: InternalSecret = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(32)))
    """The processes' shared secret. By default a new one at each start: no other process needs it."""
    trusted_proxies: TrustedProxies = ""
    """Proxies whose `X-Forwarded-For` gateway and web admin believe."""
    webhook_allow: str = ""
    """Addresses outside the public internet that webhooks may call; the simulator's receiver is added."""
    webpush_key_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    """A key for browsers of the user's own; without it the one in the data folder, which is made there."""
    webpush_allow: AllowedOrigins = ""
    """Push services for browsers besides the known ones; the simulator's are added."""
    apns_key_file: Path | None = None
    """The key file of a real Apple account; without it the simulator stands in."""

    quickstart: bool = True
    """Whether the first start makes an account, a key and a phone. Otherwise the account is made in the web admin."""
    setup_code: Annotated[SecretStr | None, BeforeValidator(empty_is_unset)] = None
    """The code to make the first account with. Without a quickstart there is always one, by default new at each
    start."""

    @model_validator(mode="after")
    def _can_be_set_up(self) -> Self:
        if not self.quickstart and self.setup_code is None:
            self.setup_code = SecretStr(secrets.token_urlsafe(24))
        return self

    @property
    def simulated(self) -> bool:
        """Whether the simulator stands in for APNs and its phone."""
        return self.apns_key_file is None

    @property
    def host(self) -> str:
        """The address at which processes on this machine reach each other."""
        return reachable(self.bind_host)

    @property
    def gateway_url(self) -> str:
        """URL of the REST API on this machine."""
        return f"http://{join(self.host, self.gateway_port)}"

    @property
    def admin_page(self) -> str | None:
        """URL of the web admin on this machine; None if it does not run."""
        return None if self.admin_port is None else f"http://{join(self.host, self.admin_port)}"

    @property
    def simulator_url(self) -> str:
        """URL of the simulator's control API."""
        return f"http://{join(self.simulator_host, self.simulator_port)}"

    @property
    def simulator_host(self) -> str:
        """The address at which processes on this machine reach the simulator."""
        return reachable(self.simulator_bind_host)

    @property
    def webhook_sink_url(self) -> str:
        """URL at which the simulator receives webhook calls; add a name. The certificate has this host."""
        return f"https://{self.sink_address}/webhooks"

    @property
    def sink_address(self) -> str:
        """`host:port` of the receiver: `localhost`, or `::1`, because a hosts file may not map `localhost` to it."""
        return join("::1" if self.simulator_host == "::1" else "localhost", self.webhook_simulator_port)

    @property
    def apns_simulator_address(self) -> str:
        """Address of the simulated APNs, with a host that its certificate has: an IP address if possible, because a
        hosts file may map `localhost` to anything."""
        host = self.simulator_host if self.simulator_host in (LOOPBACK, "::1") else "localhost"
        return join(host, self.apns_simulator_port)

    @property
    def push_service_origins(self) -> str:
        """The push services for browsers that may be called, the simulator's included. Its iPhones' has a name of its
        own."""
        port = self.webpush_simulator_port
        simulated = f"http://{join(self.simulator_host, port)},apple=http://localhost:{port}"
        return f"{self.webpush_allow},{simulated}" if self.simulated else self.webpush_allow

    @property
    def mails_simulated(self) -> bool:
        """Whether mails go to the simulator."""
        return self.simulated and not self.smtp_host

    @property
    def core_address(self) -> str:
        """Address of core's gRPC server."""
        return join(self.host, self.core_port)

    @property
    def delivery_address(self) -> str:
        """Address of delivery's gRPC server."""
        return join(self.host, self.delivery_port)
