"""What the parts of the delivery service share."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry

from delivery_service.problem_log import ProblemLog
from delivery_service.settings import DeliverySettings
from delivery_service.webhooks.connecting import Resolve


class InvalidCertificates(Exception):
    """A file of certificates cannot be used. The message says which and why."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What each part is built with."""

    settings: DeliverySettings
    registry: CollectorRegistry
    problems: ProblemLog
    configuration: Callable[[], str]
    """Returns the fingerprint of what decides whether a token is known."""
    resolver: Resolve
    """Finds the addresses of hosts that others name: webhooks, and push services of browsers."""


def trusting(variable: str, extra: Path | None) -> ssl.SSLContext:
    """Trusts the system's certificates and those of the file, which the variable names.

    Raises InvalidCertificates.
    """
    context = ssl.create_default_context()
    if extra is not None:
        try:
            context.load_verify_locations(extra)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidCertificates(f"{variable}={extra}: {error}") from error
    return context
