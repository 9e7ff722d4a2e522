"""What makes a browser a phone: the key that it subscribes with, and the subscription that it reports."""

from core_service.devices.models import Device, Environment
from core_service.devices.service import Devices
from core_service.devices.tokens import TokenReport
from core_service.identity.principal import DevicePrincipal
from core_service.live_activities.state.older_apps import NEWEST
from core_service.status.destinations import UNKNOWN, KnownDestinations
from service_kit.errors import InvalidRequest, Unavailable
from service_kit.web_push import BadSubscription, PushServices, Subscription

NO_KEY = "This server has no key for web push: its operator sets SMITH_WEBPUSH_KEY_FILE."
NOT_ASKED = "The delivery service cannot be asked for the key of web push now. Try again shortly."


class Browsers:
    """The use cases of browsers that receive pushes."""

    def __init__(self, devices: Devices, services: PushServices, destinations: KnownDestinations) -> None:
        """`services` are the push services that may be called."""
        self._devices = devices
        self._services = services
        self._destinations = destinations

    async def public_key(self) -> str:
        """The key that browsers subscribe with, in base64url.

        Raises Unavailable if the server has none, or the delivery service has not answered yet.
        """
        known = await self._destinations.now()
        if known.web_push_public_key:
            return known.web_push_public_key
        if known == UNKNOWN:
            raise Unavailable(NOT_ASKED)
        raise Unavailable(known.web_push_fault_explanation or NO_KEY)

    async def put_subscription(
        self, caller: DevicePrincipal, endpoint: str, p256dh: str, auth: str, page_url: str | None
    ) -> Device:
        """Stores the subscription. What the browser missed is sent to it; see `Devices.put_tokens`. `page_url`: the
        URL of the page that it receives with; None leaves the known one.

        Raises InvalidRequest; Unauthenticated if the device was unpaired in the meantime.
        """
        try:
            service = self._services.service_of(endpoint)
            token = Subscription.of(endpoint, p256dh, auth).token
        except BadSubscription as error:
            raise InvalidRequest.at(error.field, str(error)) from None
        report = TokenReport(
            push_token=token,
            push_to_start_token=token,
            environment=Environment.of(service),
            bundle_id=page_url,
            # The page comes from this server: it draws every state.
            content_version=NEWEST,
        )
        return await self._devices.put_tokens(caller.account_id, caller.device_id, report)
