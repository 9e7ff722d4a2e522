"""The settings of `smith doctor`."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from cli.client.settings import ClientSettings, OptionalText
from cli.up.data_folder import absolute
from cli.up.settings import Port
from cli.up.web_push_key import WEB_PUSH_KEY
from service_kit.addresses import LOOPBACK, BindHost, join, reachable
from service_kit.settings import OptionalPort, empty_is_unset


class DoctorSettings(ClientSettings):
    """The settings of all processes, as far as they can be checked from outside."""

    delivery_address: OptionalText = None
    delivery_port: Port = 50052
    database_url: OptionalText = None
    redis_url: OptionalText = None
    apns_key_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    webpush_key_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    webpush_subject: str = ""
    smtp_from: str = ""
    apns_key_id: str = ""
    apns_team_id: str = ""
    apns_topic: str = ""
    oidc_issuer: OptionalText = None
    oidc_ca_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    apns_simulator_port: OptionalPort = 8443
    webhook_simulator_port: OptionalPort = 8444
    smtp_simulator_port: OptionalPort = 8025
    webpush_simulator_port: OptionalPort = 8445
    simulator_bind_host: BindHost = LOOPBACK

    @property
    def simulated(self) -> bool:
        """Whether the simulator stands in for APNs here."""
        return self.apns_key_file is None

    @property
    def web_push_key(self) -> Path:
        """The file with the key for browsers."""
        return self.webpush_key_file or absolute(self.data_dir) / WEB_PUSH_KEY

    @property
    def delivery(self) -> str:
        """Address of delivery's gRPC server."""
        return self.delivery_address or join(reachable(self.bind_host), self.delivery_port)

    def ports(self) -> dict[str, tuple[str, int | None]]:
        """Host and port of each process of this machine, by variable; the port is None if it does not run."""
        here = {
            "SMITH_GATEWAY_PORT": self.gateway_port,
            "SMITH_ADMIN_PORT": self.admin_port,
            "SMITH_CORE_PORT": self.core_port or 50051,
            "SMITH_DELIVERY_PORT": self.delivery_port,
        }
        simulator = {
            "SMITH_SIMULATOR_PORT": self.simulator_port,
            "SMITH_APNS_SIMULATOR_PORT": self.apns_simulator_port,
            "SMITH_WEBHOOK_SIMULATOR_PORT": self.webhook_simulator_port,
            "SMITH_SMTP_SIMULATOR_PORT": self.smtp_simulator_port,
            "SMITH_WEBPUSH_SIMULATOR_PORT": self.webpush_simulator_port,
        }
        found = {name: (self.bind_host, port) for name, port in here.items()}
        if self.simulated:
            found |= {name: (self.simulator_bind_host, port) for name, port in simulator.items()}
        return found
