"""Where pushes and mails go: to Apple and the mail server, or to the simulator, which keeps them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from smith.delivery.v1.delivery_service_pb2 import Destination, GetDestinationsResponse

from delivery_service.apns import outcomes
from delivery_service.settings import DeliverySettings, split_address
from service_kit.addresses import is_loopback

NONE = Destination.DESTINATION_NONE
SIMULATOR = Destination.DESTINATION_SIMULATOR
REAL = Destination.DESTINATION_REAL

APPLES_HOSTS = ".push.apple.com"


def pushes_are_simulated(settings: DeliverySettings) -> bool:
    """Whether pushes go to the simulator: as the setting says, otherwise if they go to no host of Apple's."""
    if settings.apns_simulated is not None:
        return settings.apns_simulated
    return not any(host.endswith(APPLES_HOSTS) for host in _apns_hosts(settings))


def mails_are_simulated(settings: DeliverySettings) -> bool:
    """Whether mails go to the simulator: as the setting says, otherwise if they go to the host of simulated pushes."""
    if settings.smtp_host is None:
        return False
    if settings.smtp_simulated is not None:
        return settings.smtp_simulated
    hosts = _apns_hosts(settings)
    is_there = settings.smtp_host in hosts or (is_loopback(settings.smtp_host) and all(map(is_loopback, hosts)))
    return pushes_are_simulated(settings) and is_there


@dataclass(frozen=True, slots=True)
class Destinations:
    """Answers where pushes and mails go. `push_fault` returns why nothing can be sent now; empty if it can."""

    pushes_simulated: bool
    mails_simulated: bool
    has_mail_server: bool
    push_fault: Callable[[], str]
    configuration: Callable[[], str]
    """Returns the fingerprint of what decides whether a token is known."""
    web_push_fault: Callable[[], str]
    """Returns why nothing can be sent to browsers now; empty if it can."""
    web_push_key: Callable[[], str]
    """Returns the key that browsers subscribe with; empty if there is none."""

    def describe(self) -> GetDestinationsResponse:
        """The answer to `GetDestinations`."""
        fault, web_push_fault = self.push_fault(), self.web_push_fault()
        return GetDestinationsResponse(
            pushes=NONE if fault == "ProviderKeyMissing" else SIMULATOR if self.pushes_simulated else REAL,
            mails=(SIMULATOR if self.mails_simulated else REAL) if self.has_mail_server else NONE,
            push_fault=fault,
            push_fault_explanation=_explain(fault),
            configuration=self.configuration(),
            web_push_public_key=self.web_push_key(),
            web_push_fault=web_push_fault,
            web_push_fault_explanation=_explain(web_push_fault),
        )


def configuration_of(settings: DeliverySettings, web_push_key: str = "") -> str:
    """Fingerprint of what decides whether APNs or a push service knows a token. Nothing can be read from it.

    It is one for both: a token that is tried once more, because something else has changed, costs one push.
    """
    parts = [
        settings.apns_key_id,
        settings.apns_team_id,
        settings.apns_topic,
        settings.apns_production_address,
        settings.apns_sandbox_address,
        *([web_push_key] if web_push_key else []),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Configuration:
    """The fingerprint of now: the key for browsers changes while the process runs."""

    def __init__(self, settings: DeliverySettings, web_push_key: Callable[[], str]) -> None:
        """`web_push_key` returns the key that browsers subscribe with; empty if there is none."""
        self._settings = settings
        self._web_push_key = web_push_key
        self._known: tuple[str, str] | None = None
        """The key that was asked about last, and the fingerprint."""

    def __call__(self) -> str:
        """See `configuration_of`."""
        key = self._web_push_key()
        if self._known is None or self._known[0] != key:
            self._known = key, configuration_of(self._settings, key)
        return self._known[1]


def _explain(fault: str) -> str:
    return outcomes.MEANINGS[outcomes.reason_of("", fault)].explanation if fault else ""


def _apns_hosts(settings: DeliverySettings) -> set[str]:
    addresses = (settings.apns_production_address, settings.apns_sandbox_address)
    return {split_address(address)[0] for address in addresses}
