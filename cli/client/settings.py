"""Settings of commands for a running server: its addresses, and the person who signs in."""

import json
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, SecretStr

from cli.up.data_folder import absolute
from cli.up.errors import CannotStart
from cli.up.settings import Port
from service_kit.addresses import join, reachable
from service_kit.settings import OptionalPort, ServiceSettings, empty_is_unset

OptionalText = Annotated[str | None, BeforeValidator(empty_is_unset)]
NOTES = "quickstart.json"


class ClientSettings(ServiceSettings):
    """Settings of commands for a running server. If one is left out, the value counts that `smith up` has written to
    the data folder, or else its default."""

    core_address: OptionalText = None
    """`host:port`, several of them separated by commas, or any gRPC target."""
    core_port: OptionalPort = None
    gateway_url: OptionalText = None
    """URL of the REST API for phones and backends."""
    gateway_port: Port = 8000
    admin_url: OptionalText = None
    admin_port: OptionalPort = 8080
    simulator_url: OptionalText = None
    simulator_port: Port = 8090
    owner_email: OptionalText = None
    owner_password: Annotated[SecretStr | None, BeforeValidator(empty_is_unset)] = None
    owner_password_file: Path | None = None
    """A file with that password, instead of the variable."""

    @cached_property
    def notes(self) -> dict[str, Any]:
        """The facts that `smith up` has written about the server of this data folder; empty if there is none. Raises
        CannotStart if the file cannot be used."""
        path = absolute(self.data_dir) / NOTES
        try:
            facts = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise CannotStart(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise CannotStart(f"{path} is damaged: repair it, or move it away") from error
        if not isinstance(facts, dict):
            raise CannotStart(f"{path} is damaged: repair it, or move it away")
        return facts

    @property
    def core(self) -> str:
        """Address of core's gRPC server."""
        here = join(reachable(self.bind_host), self.core_port) if self.core_port else None
        return self.core_address or here or self.notes.get("core_address") or join(reachable(self.bind_host), 50051)

    @property
    def gateway(self) -> str:
        """URL of the REST API, without a trailing slash."""
        found = self.gateway_url or self.notes.get("gateway_url")
        return (found or f"http://{join(reachable(self.bind_host), self.gateway_port)}").rstrip("/")

    @property
    def admin(self) -> str | None:
        """URL of the web admin for browsers; None if it is not known."""
        here = f"http://{join(reachable(self.bind_host), self.admin_port)}" if self.admin_port else None
        return self.admin_url or self.notes.get("admin_url", here)

    @property
    def simulator(self) -> str:
        """URL of the simulator's control API."""
        return self.simulator_url or self.notes.get("simulator_url") or f"http://127.0.0.1:{self.simulator_port}"
