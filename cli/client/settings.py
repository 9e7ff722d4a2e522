"""Where a running server is, and who signs in to it."""

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
    """What commands for a running server can be told. What is left out is what `smith up` has noted in the data folder
    or, without that, its default."""

    core_address: OptionalText = None
    """`host:port`, several of them separated by commas, or any gRPC target."""
    core_port: OptionalPort = None
    gateway_url: OptionalText = None
    """Where phones and backends find the REST API."""
    gateway_port: Port = 8000
    admin_url: OptionalText = None
    admin_port: OptionalPort = 8080
    simulator_url: OptionalText = None
    simulator_port: Port = 8090
    owner_email: OptionalText = None
    owner_password: Annotated[SecretStr | None, BeforeValidator(empty_is_unset)] = None
    owner_password_file: Path | None = None
    """A file with that password, for those who keep secrets in files."""

    @cached_property
    def notes(self) -> dict[str, Any]:
        """What `smith up` has noted about the server in this data folder; nothing if there is none. Raises CannotStart
        if the file cannot be used."""
        path = absolute(self.data_dir) / NOTES
        try:
            facts = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise CannotStart(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise CannotStart(f"{path} is damaged: mend it, or move it away") from error
        if not isinstance(facts, dict):
            raise CannotStart(f"{path} is damaged: mend it, or move it away")
        return facts

    @property
    def core(self) -> str:
        """Where core's gRPC answers."""
        here = join(reachable(self.bind_host), self.core_port) if self.core_port else None
        return self.core_address or here or self.notes.get("core_address") or join(reachable(self.bind_host), 50051)

    @property
    def gateway(self) -> str:
        """Where the REST API answers, without a trailing slash."""
        found = self.gateway_url or self.notes.get("gateway_url")
        return (found or f"http://{join(reachable(self.bind_host), self.gateway_port)}").rstrip("/")

    @property
    def admin(self) -> str | None:
        """Where people's browsers find the web admin; None if none is known."""
        here = f"http://{join(reachable(self.bind_host), self.admin_port)}" if self.admin_port else None
        return self.admin_url or self.notes.get("admin_url", here)

    @property
    def simulator(self) -> str:
        """Where the simulator's control API answers."""
        return self.simulator_url or self.notes.get("simulator_url") or f"http://127.0.0.1:{self.simulator_port}"
