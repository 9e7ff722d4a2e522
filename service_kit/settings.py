"""Settings from environment variables that begin with `SMITH_`."""

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

HIDDEN = re.compile("(SECRET|PASSWORD|CODE|DATABASE_URL|REDIS_URL|APNS_PROXY|ALERT_WEBHOOK_URL)$")
"""Variables whose values may hold a secret: errors do not repeat these values."""


def _sendable(secret: SecretStr) -> SecretStr:
    """The secret, if it can be sent in gRPC metadata, which takes printable ASCII only. Otherwise raises ValueError."""
    if not re.fullmatch(r"[\x21-\x7e]{32,512}", secret.get_secret_value()):
        raise ValueError("must be at least 32 and at most 512 printable ASCII characters without spaces")
    return secret


InternalSecret = Annotated[SecretStr, AfterValidator(_sendable)]


def empty_is_unset(value: object) -> object:
    """For settings that may be left out: an empty variable counts as left out."""
    return None if value == "" else value


OptionalPort = Annotated[
    Annotated[int, Field(ge=0, le=65535)] | None, BeforeValidator(empty_is_unset)
]  # fmt: skip


class ServiceSettings(BaseSettings):
    """The settings of every process. Each process adds its own."""

    model_config = SettingsConfigDict(env_prefix="SMITH_", extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    """Lines for people, or a JSON object a line for programs."""
    metrics_port: OptionalPort = None
    """Port on which Prometheus may read this process's metrics; none by default, 0 for any free one."""
    bind_host: BindHost = LOOPBACK
    """Address that servers listen on. Loopback by default."""
    data_dir: Path = Path("var")
    """Folder for all data that is stored on this machine."""
    drain_seconds: float = 10.0
    """Seconds that a stopping process may take to finish what it has begun."""
    shutdown_delay: float = Field(default=0.0, ge=0, le=300)
    """Seconds for which a stopping process reports "not serving" to health checks but still takes requests: as long as
    load balancers before it need to notice. The other processes of this server need none."""
    internal_secret: InternalSecret | None = None
    """The secret by which the server's own processes recognize each other, the same for all. Needed where core or
    delivery listen on more than loopback."""
    internal_secret_file: Path | None = None
    """A file with that secret, instead of the variable."""
    tls_cert_file: Path | None = None
    """Certificate that this process shows to the others, in PEM. Needs the two settings below."""
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None
    """Certificate of the authority whose certificates are trusted, in PEM."""

    @property
    def tls(self) -> Tls | None:
        """TLS between the processes; None if it is not set up. Raises ValueError."""
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
    """A line for each invalid setting, without values that may be secret."""
    lines = []
    for mistake in error.errors(include_input=False, include_context=False):
        name = "_".join(("SMITH", *(str(part).upper().removeprefix("SMITH_") for part in mistake["loc"])))
        given = "(hidden)" if HIDDEN.search(name) else repr(redacted(os.environ.get(name, "")))
        lines.append(f"{name}={given}: {mistake['msg']}" if mistake["loc"] else mistake["msg"])
    return lines
