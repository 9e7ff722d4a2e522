"""The settings of the admin app."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from admin_ui import texts
from service_kit.addresses import PublicUrl, TrustedProxies
from service_kit.reach import is_for_this_computer
from service_kit.settings import ServiceSettings, empty_is_unset


def _origin(url: str) -> str:
    """Raises ValueError unless it is an HTTP(S) URL without a path."""
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.username:
        raise ValueError("must be like https://admin.example.com: scheme, host and optionally a port, but no path")
    return url.rstrip("/")


Origin = Annotated[str, AfterValidator(_origin)]
OptionalOrigin = Annotated[Origin | None, BeforeValidator(empty_is_unset)]


def _or_english(language: object) -> object:
    return texts.SOURCE if language == "" else language


def _or_own(folder: object) -> object:
    return texts.FOLDER if folder == "" else folder


class AdminSettings(ServiceSettings):
    """Settings of the admin app, in addition to those of every process."""

    admin_port: int = Field(default=8080, ge=0, le=65535)
    """TCP port of the web pages. 0 takes any free one; the log line at start tells which."""
    admin_url: OptionalOrigin = None
    """URL at which browsers find the admin app; `http://127.0.0.1:<port>` by default. With `https` cookies are
    never sent in the clear."""
    gateway_url: PublicUrl = "http://127.0.0.1:8000"
    """URL at which backends find the REST API; pages show it in examples."""
    core_address: str = "127.0.0.1:50051"
    """`host:port` of the core service, or any gRPC target (`dns:///core:50051`)."""
    admin_call_timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds that core may take to answer a call."""
    admin_max_connections: int = Field(default=2048, ge=1)
    """Open connections; beyond it new ones are answered 503 and closed."""
    simulator_url: OptionalOrigin = None
    """URL of the simulator's control API. If it is set, pages show the simulated phones."""
    quickstart_file: Annotated[Path | None, BeforeValidator(empty_is_unset)] = None
    """The file with the first owner's password. The page for signing in names it on the server's own computer."""
    language: Annotated[str, BeforeValidator(_or_english)] = texts.SOURCE
    """The language of all pages, as `en` or `pt_BR`: English, or one that has a catalog."""
    language_folder: Annotated[Path, BeforeValidator(_or_own)] = texts.FOLDER
    """The folder with the catalogs, `<language>/LC_MESSAGES/admin_ui.mo`. By default the one that comes with the
    server."""
    trusted_proxies: TrustedProxies = ""
    """Addresses (separated by commas) whose `X-Forwarded-For` is believed. None by default."""

    @model_validator(mode="after")
    def _has_language(self) -> Self:
        if self.language == texts.SOURCE:
            return self
        known = texts.languages(self.language_folder)
        if self.language not in known:
            raise ValueError(f"SMITH_LANGUAGE must be one of the languages that there are: {', '.join(known)}")
        return self

    @property
    def public_url(self) -> str:
        """Where people's browsers find the admin app."""
        return self.admin_url or f"http://127.0.0.1:{self.admin_port}"

    @property
    def first_password(self) -> str:
        """The path of the file with the first owner's password. Empty if there is none, or if others than people at the
        server's own computer can see the page."""
        file = self.quickstart_file
        return str(file) if file and is_for_this_computer(self.public_url) and file.exists() else ""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.public_url.startswith("https://")
