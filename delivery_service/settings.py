"""The settings of the delivery service."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator

from delivery_service.apns.proxy import Proxy
from delivery_service.mail.settings import SmtpSettings
from delivery_service.webhooks.addresses import Permit
from service_kit.addresses import join
from service_kit.settings import empty_is_unset
from service_kit.web_push import AllowedOrigins, parse_allowed
from service_kit.web_push_subject import Subject, first_public

OptionalPath = Annotated[Path | None, BeforeValidator(empty_is_unset)]
OptionalBool = Annotated[bool | None, BeforeValidator(empty_is_unset)]
APPLES_CHANNELS = {
    "api.push.apple.com": "api-manage-broadcast.push.apple.com:2196",
    "api.sandbox.push.apple.com": "api-manage-broadcast.sandbox.push.apple.com:2195",
}
"""Where Apple manages the broadcast channels of a host (Apple, "Sending channel management requests to APNs")."""


def _has_host_and_port_or_is_empty(address: str) -> str:
    if address:
        split_address(address)
    return address


ChannelsAddress = Annotated[str, AfterValidator(_has_host_and_port_or_is_empty)]


class DeliverySettings(SmtpSettings):
    """Settings of the delivery service; see each field."""

    delivery_port: int = Field(default=50052, ge=0, le=65535)
    """Port of the gRPC server; 0 for a free one."""
    apns_key_file: OptionalPath = None
    """The `.p8` file with the APNs signing key."""
    apns_key_id: str = ""
    """Id of that key, 10 characters."""
    apns_team_id: str = ""
    """Id of the Apple developer team, 10 characters."""
    apns_topic: str = ""
    """Bundle id for targets without one."""
    apns_production_address: str = "api.push.apple.com:443"
    apns_sandbox_address: str = "api.sandbox.push.apple.com:443"
    apns_production_channels_address: ChannelsAddress = ""
    """Where broadcast channels are managed, `host:port`. By default Apple's, if pushes go to Apple's usual host;
    otherwise where pushes go."""
    apns_sandbox_channels_address: ChannelsAddress = ""
    apns_simulated: OptionalBool = None
    """Whether those addresses are the simulator's. By default they are if neither is a host of Apple's; set `0` if they
    are a relay to Apple."""
    apns_ca_file: OptionalPath = None
    """Certificates in PEM to trust besides the system's; for a simulator or a proxy."""
    apns_proxy: SecretStr | None = None
    """`http://[user:password@]host:port` of an HTTP proxy to APNs; none by default."""
    apns_connections: int = Field(default=4, ge=1, le=100)
    """Most connections to each environment."""
    apns_max_in_flight: int = Field(default=5000, ge=1, le=100_000)
    """Most targets in progress; a request beyond it is refused as a whole."""
    apns_connect_timeout: float = Field(default=5.0, gt=0, le=60)
    """Seconds for name resolution, TCP, TLS and the server's first SETTINGS together."""
    apns_answer_timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds to wait for a free stream, and again for the answer."""

    smtp_simulated: OptionalBool = None
    """Whether the mail server is the simulator's. By default it is if it has the host of the simulated APNs."""

    webhook_allow: str = ""
    """Hosts, addresses or networks outside the public internet that webhooks may call, each with or without `:port`,
    separated by commas."""
    webhook_ca_file: OptionalPath = None
    """Certificates in PEM to trust besides the system's when webhooks are called."""
    webhook_timeout: float = Field(default=10.0, gt=0, le=60)
    """Seconds for an attempt to call a webhook: name resolution, connection, request and answer together."""
    webhook_max_in_progress: int = Field(default=200, ge=1, le=10_000)
    """Most webhook calls at once; further ones are refused."""

    webpush_key_file: OptionalPath = None
    """The server's own key for browsers: a P-256 private key in PEM. Browsers are subscribed with it."""
    webpush_subject: Subject = ""
    """Where push services of browsers reach the operator: a `mailto:` or `https:` address on the public internet. By
    default the sender of mails, or this server's URL, if it is one."""
    webpush_ca_file: OptionalPath = None
    """Certificates in PEM to trust besides the system's when push services of browsers are called."""
    webpush_connections: int = Field(default=32, ge=1, le=200)
    """Most connections to each push service of browsers; each sends one push at a time."""
    webpush_max_in_progress: int = Field(default=5000, ge=1, le=100_000)
    """Most browsers as targets in progress; a request beyond it is refused as a whole."""
    webpush_timeout: float = Field(default=10.0, gt=0, le=11)
    """Seconds for an attempt to send to a browser: name resolution, connection, request and answer together."""
    webpush_allow: AllowedOrigins = ""
    """Push services besides those of the browsers' makers; see `service_kit.web_push.parse_allowed`. They may be at any
    address."""

    admin_url: str = ""
    """URL of the web admin for browsers. Used for `webpush_subject` only, as the next is."""
    gateway_url: str = ""

    @property
    def webpush_contact(self) -> str:
        """The subject that push services get."""
        return self.webpush_subject or first_public(self.smtp_from or "", self.admin_url, self.gateway_url)

    @field_validator("apns_proxy")
    @classmethod
    def _is_a_proxy(cls, url: SecretStr | None) -> SecretStr | None:
        proxy_of(url)
        return url

    @field_validator("webhook_allow")
    @classmethod
    def _names_permits(cls, text: str) -> str:
        permits_of(text)
        return text

    @field_validator("apns_production_address", "apns_sandbox_address")
    @classmethod
    def _has_host_and_port(cls, address: str) -> str:
        split_address(address)
        return address


def permits_of(text: str) -> list[Permit]:
    """The permits of a list separated by commas. Raises ValueError."""
    return [Permit.parse(part) for part in text.split(",") if part.strip()]


def permits_of_push_services(allowed: str) -> list[Permit]:
    """What the origins of SMITH_WEBPUSH_ALLOW permit: any address, on their port."""
    ports = {"https": 443, "http": 80}
    urls = [urlsplit(origin) for origin in parse_allowed(allowed)]
    return [Permit.parse(join(url.hostname or "", url.port or ports[url.scheme])) for url in urls]


def proxy_of(url: SecretStr | None) -> Proxy | None:
    """The proxy; None if there is none. Raises ValueError."""
    return Proxy.parse(url.get_secret_value()) if url and url.get_secret_value() else None


def channels_address(address: str, channels: str) -> str:
    """Where the broadcast channels of the APNs at `address` are managed; `channels` is what the settings say, or
    empty."""
    return channels or APPLES_CHANNELS.get(split_address(address)[0], address)


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port`. Raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ValueError("must be host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)
