"""Settings come from environment variables that begin with `SMITH_`."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service_kit.addresses import LOOPBACK, BindHost
from service_kit.redaction import redacted
from service_kit.tls import Tls

HIDDEN = re.compile("(SECRET|PASSWORD|CODE|DATABASE_URL|REDIS_URL|APNS_PROXY)$")
"""Variables whose values may hold a secret: what is wrong with one is said without repeating it."""


def _sendable(secret: SecretStr) -> SecretStr:
    """It travels in gRPC metadata, which takes printable ASCII only. Raises ValueError."""
    if not re.fullmatch(r"[\x21-\x7e]{32,512}", secret.get_secret_value()):
        raise ValueError("must be at least 32 and at most 512 printable ASCII characters without spaces")
    return secret


InternalSecret = Annotated[SecretStr, AfterValidator(_sendable)]


def empty_is_unset(value: object) -> object:
    """For settings that may be left out: a variable that is set to nothing counts as left out."""
    return None if value == "" else value


OptionalPort = Annotated[
    Annotated[int, Field(ge=0, le=65535)] | None, BeforeValidator(empty_is_unset)
]  # fmt: skip


class ServiceSettings(BaseSettings):
    """What every process can be told. Each process adds its own."""

    model_config = SettingsConfigDict(env_prefix="SMITH_", extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    """Lines for people, or a JSON object a line for programs."""
    metrics_port: OptionalPort = None
    """Port on which Prometheus may read this process's metrics; none unless told, 0 for any that is free."""
    bind_host: BindHost = LOOPBACK
    """Address that servers listen on. Loopback unless told otherwise."""
    data_dir: Path = Path("var")
    """Folder for everything that is kept on this machine."""
    drain_seconds: float = 10.0
    """How long a process that was told to stop may finish what it has begun."""
    shutdown_delay: float = Field(default=0.0, ge=0, le=300)
    """Seconds for which a process that was told to stop says so to health checks and still takes what comes: as long as
    the load balancers before it take to notice. Its own clients need none."""
    internal_secret: InternalSecret | None = None
    """What the server's own processes know each other by, the same for all of them. Needed wherever core or delivery
    listen on more than loopback."""
    internal_secret_file: Path | None = None
    """A file with that secret, for those who keep secrets in files."""
    tls_cert_file: Path | None = None
    """Certificate that this process shows to the others and they to it; with the two below, all in PEM."""
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None
    """The authority whose certificates are believed."""

    @property
    def tls(self) -> Tls | None:
        """What processes tell each other is encrypted with it; in the clear without. Raises ValueError."""
        files = (self.tls_cert_file, self.tls_key_file, self.tls_ca_file)
        if files == (None, None, None):
            return None
        certificate, key, authority = files
        if certificate is None or key is None or authority is None:
            raise ValueError("SMITH_TLS_CERT_FILE, SMITH_TLS_KEY_FILE and SMITH_TLS_CA_FILE belong together")
        return Tls.read(certificate, key, authority)

    @model_validator(mode="after")
    def _can_use_tls(self) -> Self:
        _ = self.tls
        return self

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
        print(*mistakes(error), sep="\n", file=sys.stderr)
        raise SystemExit(2) from None


def mistakes(error: ValidationError) -> list[str]:
    """A line for each setting that is invalid, without what may be a secret."""
    lines = []
    for mistake in error.errors(include_input=False, include_context=False):
        name = "_".join(("SMITH", *(str(part).upper().removeprefix("SMITH_") for part in mistake["loc"])))
        given = "(hidden)" if HIDDEN.search(name) else repr(redacted(os.environ.get(name, "")))
        lines.append(f"{name}={given}: {mistake['msg']}" if mistake["loc"] else mistake["msg"])
    return lines
