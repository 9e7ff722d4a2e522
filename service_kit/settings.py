"""Settings come from environment variables that begin with `SMITH_`."""

import os
import sys
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """What every process can be told. Each process adds its own."""

    model_config = SettingsConfigDict(env_prefix="SMITH_", extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    bind_host: str = "127.0.0.1"
    """Address that servers listen on. Loopback unless told otherwise."""
    data_dir: Path = Path("var")
    """Folder for everything that is kept on this machine."""
    drain_seconds: float = 10.0
    """How long a process that was told to stop may finish what it has begun."""
    shutdown_delay: float = Field(default=0.0, ge=0, le=300)
    """Seconds for which a process that was told to stop says so to health checks and still takes what comes: as long as
    the load balancers before it take to notice. Its own clients need none."""
    internal_secret: SecretStr | None = Field(default=None, min_length=32, max_length=512)
    """What the server's own processes know each other by, the same for all of them. Needed wherever core or delivery
    listen on more than loopback."""
    internal_secret_file: Path | None = None
    """A file with that secret, for those who keep secrets in files."""

    @model_validator(mode="before")
    @classmethod
    def _read_secret_file(cls, values: dict[str, Any]) -> dict[str, Any]:
        path = values.get("internal_secret_file")
        if not path or values.get("internal_secret"):
            return values
        try:
            return values | {"internal_secret": Path(path).read_text().strip()}
        except OSError as error:
            raise ValueError(f"SMITH_INTERNAL_SECRET_FILE={path}: {error.strerror}") from error


S = TypeVar("S", bound=ServiceSettings)


def load(settings_class: type[S]) -> S:
    """The settings from the environment. Ends the process with one clear line per mistake if they are invalid."""
    try:
        return settings_class()
    except ValidationError as error:
        for mistake in error.errors():
            name = "_".join(("SMITH", *(str(part).upper() for part in mistake["loc"])))
            given = "(hidden)" if "SECRET" in name else repr(os.environ.get(name, ""))
            print(f"{name}={given}: {mistake['msg']}" if mistake["loc"] else mistake["msg"], file=sys.stderr)
        raise SystemExit(2) from None
