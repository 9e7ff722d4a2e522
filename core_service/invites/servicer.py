"""smith.core.v1.InviteService over gRPC."""

from typing import Any

from smith.core.v1 import invite_service_pb2 as messages
from smith.core.v1 import invite_service_pb2_grpc

from core_service.accounts.convert import to_account, to_member, to_sign_in
from core_service.accounts.service import Accounts
from core_service.auth.challenges import Begun
from core_service.auth.convert import to_challenge
from core_service.common.reading import asked_page, choice, given, to_timestamp
from core_service.common.validation import find_uuid
from core_service.identity import principal
from core_service.identity.models import Role
from core_service.invites.acceptance import Acceptance
from core_service.invites.convert import to_invite, to_offer, to_result
from core_service.invites.service import THING, Invites


class InviteServicer(invite_service_pb2_grpc.InviteServiceServicer):
    """Lets owners invite people, and people accept."""

    def __init__(self, invites: Invites, acceptance: Acceptance, accounts: Accounts) -> None:
        self._invites = invites
        self._acceptance = acceptance
        self._accounts = accounts

    async def CreateInvites(
        self, request: messages.CreateInvitesRequest, context: Any
    ) -> messages.CreateInvitesResponse:
        caller = principal.session()
        role = choice(request, "role", Role) or Role.MEMBER
        answers = await self._invites.create(caller.account_id, caller.user_id, request.emails, role)
        return messages.CreateInvitesResponse(results=[to_result(answer) for answer in answers])

    async def ListInvites(self, request: messages.ListInvitesRequest, context: Any) -> messages.ListInvitesResponse:
        page = await self._invites.list(
            principal.session().account_id,
            *asked_page(request),
        )
        return messages.ListInvitesResponse(
            invites=[to_invite(view) for view in page.items], next_page_token=page.next_token
        )

    async def ResendInvite(self, request: messages.ResendInviteRequest, context: Any) -> messages.ResendInviteResponse:
        view = await self._invites.resend(principal.session().account_id, find_uuid(request.invite_id, THING))
        return messages.ResendInviteResponse(invite=to_invite(view))

    async def RevokeInvite(self, request: messages.RevokeInviteRequest, context: Any) -> messages.RevokeInviteResponse:
        await self._invites.revoke(principal.session().account_id, find_uuid(request.invite_id, THING))
        return messages.RevokeInviteResponse()

    async def CreateInviteLink(
        self, request: messages.CreateInviteLinkRequest, context: Any
    ) -> messages.CreateInviteLinkResponse:
        caller, invite_id = principal.session(), find_uuid(request.invite_id, THING)
        url, expires_at = await self._invites.make_link(caller.account_id, caller.user_id, invite_id)
        return messages.CreateInviteLinkResponse(url=url, expires_at=to_timestamp(expires_at))

    async def GetInvite(self, request: messages.GetInviteRequest, context: Any) -> messages.GetInviteResponse:
        return to_offer(await self._acceptance.look(request.token, principal.anonymous().client_address))

    async def AcceptInvite(self, request: messages.AcceptInviteRequest, context: Any) -> messages.AcceptInviteResponse:
        joined = await self._acceptance.accept(
            request.token,
            name=given(request, "name"),
            password=request.password,
            client_address=principal.anonymous().client_address,
        )
        account, person = await self._accounts.get(joined.account_id, joined.user_id)
        if isinstance(joined.opened, Begun):
            return messages.AcceptInviteResponse(
                account=to_account(account), member=to_member(person), second_factor=to_challenge(joined.opened)
            )
        return messages.AcceptInviteResponse(**to_sign_in(joined.opened, account, person))
