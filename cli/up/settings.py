"""What `smith up` can be told."""

import secrets
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from service_kit.addresses import LOOPBACK, BindHost, PublicUrl, TrustedProxies, join, reachable
from service_kit.settings import InternalSecret, OptionalPort, ServiceSettings, empty_is_unset

Port = Annotated[int, Field(ge=1, le=65535)]


class UpSettings(ServiceSettings):
    """Ports of all processes, and what replaces a built-in part by one of the user's."""

    gateway_port: Port = 8000
    admin_port: OptionalPort = 8080
    """The web admin's port. Set to nothing, no web admin is run."""
    admin_url: str = ""
    """Where people's browsers find the web admin, if that is not this machine's loopback."""
    public_gateway_url: Annotated[
        Annotated[PublicUrl | None, BeforeValidator(empty_is_unset)], Field(validation_alias="SMITH_GATEWAY_URL")
    ] = None
    """Where backends and apps find the REST API, if that is not this machine's loopback."""
    core_port: Port = 50051
    delivery_port: Port = 50052
    simulator_port: Port = 8090
    """The simulator's control API and its phones."""
    apns_simulator_port: Port = 8443
    webhook_simulator_port: Port = 8444
    """The simulator's receiver of webhook calls."""
    smtp_simulator_port: Port = 8025
    """The simulator's receiver of mails."""
    smtp_host: str | None = None
    """A mail server of the user's; without it the simulator, if it runs, keeps the mails."""
    simulator_bind_host: BindHost = LOOPBACK
    """Address that the simulator listens on, whatever the others do: whoever reaches it commands phones and clock."""
    gateway_metrics_port: OptionalPort = None
    """Where Prometheus may read the gateway's metrics; nowhere unless told. So for core and delivery."""
    core_metrics_port: OptionalPort = None
    delivery_metrics_port: OptionalPort = None
    database_url: str | None = None
    """A PostgreSQL of the user's; without it an embedded one is run."""
    redis_url: str | None = None
    internal_secret: InternalSecret = Field(default_factory=lambda: SecretStr(secrets.token_urlsafe(32)))
    """New at each start, unless told otherwise: nobody else needs to know it."""
    trusted_proxies: TrustedProxies = ""
    """Proxies whose `X-Forwarded-For` gateway and web admin believe."""
    webhook_allow: str = ""
    """What webhooks may be called beyond the public internet; the simulator's receiver is added to it."""
    apns_key_file: Path | None = None
    """The key file of a real Apple account; without it the simulator stands in."""

    quickstart: bool = True
    """Whether the first start makes an account, a key and a phone. Otherwise the account is made in the web admin."""
    setup_code: Annotated[SecretStr | None, BeforeValidator(empty_is_unset)] = None
    """What the first account is made with. Without a quickstart there is always one, new at each start."""

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
        """Where the REST API answers."""
        return f"http://{join(self.host, self.gateway_port)}"

    @property
    def admin_page(self) -> str | None:
        """Where the web admin answers on this machine; None if none is run."""
        return None if self.admin_port is None else f"http://{join(self.host, self.admin_port)}"

    @property
    def simulator_url(self) -> str:
        """Where the simulator's control API answers."""
        return f"http://{join(self.simulator_host, self.simulator_port)}"

    @property
    def simulator_host(self) -> str:
        """The address at which processes on this machine reach the simulator."""
        return reachable(self.simulator_bind_host)

    @property
    def webhook_sink_url(self) -> str:
        """Where the simulator receives webhook calls; a name follows. The host is one that the certificate bears."""
        return f"https://{self.sink_address}/webhooks"

    @property
    def sink_address(self) -> str:
        """By the name `localhost`, which a hosts file may not know as the address of IPv6."""
        return join("::1" if self.simulator_host == "::1" else "localhost", self.webhook_simulator_port)

    @property
    def apns_simulator_address(self) -> str:
        """Where the simulated APNs answers, by a host that its certificate bears: an address if it can be, for a hosts
        file may say anything of `localhost`."""
        host = self.simulator_host if self.simulator_host in (LOOPBACK, "::1") else "localhost"
        return join(host, self.apns_simulator_port)

    @property
    def mails_simulated(self) -> bool:
        """Whether the simulator keeps what is mailed."""
        return self.simulated and not self.smtp_host

    @property
    def core_address(self) -> str:
        """Where core's gRPC answers."""
        return join(self.host, self.core_port)

    @property
    def delivery_address(self) -> str:
        """Where delivery's gRPC answers."""
        return join(self.host, self.delivery_port)
