"""smith.core.v1.SingleSignOnService over gRPC. It loads nothing of the area for a server without single sign-on."""

from typing import TYPE_CHECKING, Any

from smith.core.v1 import single_sign_on_service_pb2 as messages
from smith.core.v1 import single_sign_on_service_pb2_grpc

from core_service.accounts.convert import to_sign_in
from core_service.accounts.service import Accounts
from core_service.common.reading import given, to_timestamp
from core_service.identity import principal
from core_service.single_sign_on.convert import to_identity
from core_service.single_sign_on.errors import NoSingleSignOn

if TYPE_CHECKING:
    from core_service.single_sign_on.service import SingleSignOn
    from core_service.single_sign_on.wiring import SingleSignOnArea


class SingleSignOnServicer(single_sign_on_service_pb2_grpc.SingleSignOnServiceServicer):
    """Signs people in by way of a provider."""

    def __init__(self, area: "SingleSignOnArea | None", accounts: Accounts) -> None:
        self._area = area
        self._accounts = accounts

    async def GetSingleSignOn(
        self, request: messages.GetSingleSignOnRequest, context: Any
    ) -> messages.GetSingleSignOnResponse:
        if self._area is None:
            return messages.GetSingleSignOnResponse()
        return messages.GetSingleSignOnResponse(
            enabled=True,
            name=self._area.service.realm.name,
            password_for_owners_only=self._area.local.owners_only,
        )

    async def BeginSingleSignOn(
        self, request: messages.BeginSingleSignOnRequest, context: Any
    ) -> messages.BeginSingleSignOnResponse:
        begun = await self._service.begin(principal.anonymous().client_address, reauthenticate=request.reauthenticate)
        return messages.BeginSingleSignOnResponse(
            authorization_url=begun.authorization_url,
            browser_secret=begun.browser_secret,
            expires_at=to_timestamp(begun.expires_at),
        )

    async def CompleteSingleSignOn(
        self, request: messages.CompleteSingleSignOnRequest, context: Any
    ) -> messages.CompleteSingleSignOnResponse:
        new = await self._service.complete(
            state=request.state,
            code=request.code,
            browser_secret=request.browser_secret,
            issuer=given(request, "issuer"),
            client_address=principal.anonymous().client_address,
        )
        mine = await self._accounts.get(new.account_id, new.user_id)
        return messages.CompleteSingleSignOnResponse(**to_sign_in(new, *mine))

    async def ListIdentities(
        self, request: messages.ListIdentitiesRequest, context: Any
    ) -> messages.ListIdentitiesResponse:
        caller = principal.session()
        if self._area is None:
            return messages.ListIdentitiesResponse()
        realm = self._service.realm
        known = await self._service.identities(caller.user_id, caller.session_id)
        return messages.ListIdentitiesResponse(
            identities=[
                to_identity(
                    one.identity,
                    name=realm.name if one.identity.issuer == realm.issuer else one.identity.issuer,
                    is_usable=one.identity.issuer == realm.issuer,
                    is_current=one.is_current,
                )
                for one in known
            ]
        )

    @property
    def _service(self) -> "SingleSignOn":
        """Raises NoSingleSignOn if the server has none."""
        if self._area is None:
            raise NoSingleSignOn
        return self._area.service
