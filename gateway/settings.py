"""The settings of the gateway."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from gateway.request_log.log import Bodies
from service_kit.addresses import PublicUrl, TrustedProxies
from service_kit.hosts import HostNames
from service_kit.settings import ServiceSettings, empty_is_unset


class GatewaySettings(ServiceSettings):
    """Settings of the gateway, in addition to those of every process."""

    gateway_port: int = Field(default=8000, ge=0, le=65535)
    """TCP port of the REST API. 0 takes any free one; the log line at start tells which."""
    core_address: str = "127.0.0.1:50051"
    """`host:port` of the core service, or any gRPC target (`dns:///core:50051`)."""
    gateway_url: Annotated[PublicUrl | None, BeforeValidator(empty_is_unset)] = None
    """URL at which backends and apps find the REST API. Its path, if it has one, is in the API's description."""
    gateway_call_timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds that core may take to answer a call."""
    gateway_body_timeout: float = Field(default=10.0, gt=0, le=300)
    """Seconds that a client may take to send a request's head, and again its body."""
    gateway_unread_timeout: float = Field(default=30.0, gt=0, le=300)
    """Seconds that an answer may wait for a client to read on; then the connection is reset."""
    gateway_max_concurrent_requests: int = Field(default=512, ge=1)
    """Calls of core in progress; beyond it the answer is 503 at once."""
    gateway_max_connections: int = Field(default=4096, ge=1)
    """Open connections; beyond it new ones are answered 503 and closed."""
    gateway_hosts: HostNames = ()
    """Host names (separated by commas) that requests may be for, in addition to this machine's. All by default."""
    gateway_access_log: bool = False
    """A log line for every request."""
    gateway_slow_seconds: float = Field(default=5.0, gt=0)
    """Requests that take longer get a warning in the log, as do those that are answered 5xx."""
    request_log: bool = True
    """Whether core is told of each request, for the log that owners read."""
    request_log_bodies: Bodies = "refused"
    """Of which requests the log has the body: of none, of refused ones, or of all."""
    trusted_proxies: TrustedProxies = ""
    """Addresses (separated by commas) whose `X-Forwarded-For` is believed. None by default."""

    @property
    def public_path(self) -> str:
        """The path under which a proxy shows the REST API; usually empty."""
        return urlsplit(self.gateway_url or "").path
