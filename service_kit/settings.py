"""Settings come from environment variables that begin with `SMITH_`."""

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError
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


S = TypeVar("S", bound=ServiceSettings)


def load(settings_class: type[S]) -> S:
    """The settings from the environment. Ends the process with one clear line per mistake if they are invalid."""
    try:
        return settings_class()
    except ValidationError as error:
        for mistake in error.errors():
            name = "_".join(("SMITH", *(str(part).upper() for part in mistake["loc"])))
            print(f"{name}={os.environ.get(name, '')!r}: {mistake['msg']}", file=sys.stderr)
        raise SystemExit(2) from None
