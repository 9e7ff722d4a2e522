"""smith.core.v1.AccountService over gRPC."""

from typing import Any

from smith.core.v1 import account_service_pb2 as messages
from smith.core.v1 import account_service_pb2_grpc

from core_service.accounts.convert import to_account, to_member, to_membership, to_sign_in
from core_service.accounts.service import Accounts
from core_service.accounts.setup import NewOwner, Setup
from core_service.api_keys.convert import to_api_key
from core_service.api_keys.service import ApiKeys
from core_service.audit import act
from core_service.auth.convert import to_session
from core_service.auth.sessions import THING as SESSION
from core_service.auth.sessions import Sessions
from core_service.common.reading import asked_page, choice, given
from core_service.common.validation import find_uuid, require_uuid
from core_service.devices.convert import to_device, to_device_view
from core_service.identity import principal
from core_service.identity.errors import SecondFactorRequired
from core_service.identity.models import Role
from core_service.invites.convert import to_invite
from core_service.invites.service import InviteView
from core_service.mail.convert import to_mail
from core_service.members.leaving import Besides
from core_service.members.membership import Members
from core_service.password_resets.password_change import PasswordChanges
from service_kit.errors import DomainError

MEMBER = "member"

ACCOUNT = "account"


class NoFactorOfOnesOwn(SecondFactorRequired):
    """An owner requires of others what they do not have themselves."""

    def __init__(self) -> None:
        DomainError.__init__(self, "Set up a second factor of your own first. Then you can require one of everybody.")


class AccountServicer(account_service_pb2_grpc.AccountServiceServicer):
    """Signs people in and manages the caller's account."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        membership: Members,
        sessions: Sessions,
        password_changes: PasswordChanges,
        api_keys: ApiKeys,
        setup: Setup,
    ) -> None:
        self._setup = setup
        self._accounts = accounts
        self._membership = membership
        self._api_keys = api_keys
        self._sessions = sessions
        self._password_changes = password_changes

    async def GetSetup(self, request: messages.GetSetupRequest, context: Any) -> messages.GetSetupResponse:
        state = await self._setup.state()
        return messages.GetSetupResponse(needs_account=state.needs_account, has_setup_code=state.has_code)

    async def CreateAccount(
        self, request: messages.CreateAccountRequest, context: Any
    ) -> messages.CreateAccountResponse:
        owner = NewOwner(given(request, "name"), request.email, request.password)
        new = await self._setup.create_account(
            request.setup_code, request.account_name, owner, principal.anonymous().client_address
        )
        mine = await self._accounts.get(new.account_id, new.user_id)
        return messages.CreateAccountResponse(**to_sign_in(new, *mine))

    async def CreateSession(
        self, request: messages.CreateSessionRequest, context: Any
    ) -> messages.CreateSessionResponse:
        new = await self._sessions.sign_in(request.email, request.password, principal.anonymous().client_address)
        mine = await self._accounts.get(new.account_id, new.user_id)
        return messages.CreateSessionResponse(**to_sign_in(new, *mine))

    async def DeleteSession(
        self, request: messages.DeleteSessionRequest, context: Any
    ) -> messages.DeleteSessionResponse:
        await self._sessions.sign_out(principal.session().session_id)
        return messages.DeleteSessionResponse()

    async def ListSessions(self, request: messages.ListSessionsRequest, context: Any) -> messages.ListSessionsResponse:
        caller = principal.session()
        page = await self._sessions.list(
            caller.account_id,
            None if caller.role is Role.OWNER else caller.user_id,
            *asked_page(request),
        )
        return messages.ListSessionsResponse(
            sessions=[to_session(one, current_id=caller.session_id) for one in page.items],
            next_page_token=page.next_token,
        )

    async def RevokeSession(
        self, request: messages.RevokeSessionRequest, context: Any
    ) -> messages.RevokeSessionResponse:
        caller = principal.session()
        whose = None if caller.role is Role.OWNER else caller.user_id
        await self._sessions.revoke(caller.account_id, whose, find_uuid(request.session_id, SESSION))
        return messages.RevokeSessionResponse()

    async def RevokeOtherSessions(
        self, request: messages.RevokeOtherSessionsRequest, context: Any
    ) -> messages.RevokeOtherSessionsResponse:
        caller = principal.session()
        revoked = await self._password_changes.sign_out_elsewhere(caller.user_id, caller.session_id)
        return messages.RevokeOtherSessionsResponse(revoked=revoked)

    async def ChangePassword(
        self, request: messages.ChangePasswordRequest, context: Any
    ) -> messages.ChangePasswordResponse:
        caller = principal.session()
        revoked = await self._password_changes.change(
            caller.user_id,
            caller.session_id,
            current=request.current_password,
            new=request.new_password,
            client_address=act.client_address(),
        )
        return messages.ChangePasswordResponse(revoked=revoked)

    async def GetAccount(self, request: messages.GetAccountRequest, context: Any) -> messages.GetAccountResponse:
        caller = principal.session()
        account, person = await self._accounts.get(caller.account_id, caller.user_id)
        memberships = await self._accounts.list_memberships(caller.user_id)
        return messages.GetAccountResponse(
            account=to_account(account),
            member=to_member(person),
            accounts=[to_membership(membership) for membership in memberships],
            lacks_second_factor=caller.lacks_second_factor,
        )

    async def SwitchAccount(
        self, request: messages.SwitchAccountRequest, context: Any
    ) -> messages.SwitchAccountResponse:
        caller = principal.session()
        account_id = find_uuid(request.account_id, ACCOUNT)
        await self._sessions.switch(caller.session_id, caller.user_id, account_id)
        account, person = await self._accounts.get(account_id, caller.user_id)
        return messages.SwitchAccountResponse(account=to_account(account), member=to_member(person))

    async def UpdateProfile(
        self, request: messages.UpdateProfileRequest, context: Any
    ) -> messages.UpdateProfileResponse:
        caller = principal.session()
        if request.HasField("name"):
            await self._accounts.rename_person(caller.user_id, request.name)
        _, person = await self._accounts.get(caller.account_id, caller.user_id)
        return messages.UpdateProfileResponse(member=to_member(person))

    async def UpdateAccount(
        self, request: messages.UpdateAccountRequest, context: Any
    ) -> messages.UpdateAccountResponse:
        caller = principal.session()
        requires = given(request, "require_second_factor")
        if requires:
            _, person = await self._accounts.get(caller.account_id, caller.user_id)
            if person.user.second_factor_at is None:
                raise NoFactorOfOnesOwn
        account = await self._accounts.update(
            caller.account_id,
            name=given(request, "name"),
            rate_limit_per_minute=given(request, "rate_limit_per_minute"),
            max_live_activities=given(request, "max_live_activities"),
            require_second_factor=requires,
        )
        return messages.UpdateAccountResponse(account=to_account(account))

    async def ListMembers(self, request: messages.ListMembersRequest, context: Any) -> messages.ListMembersResponse:
        page = await self._accounts.list_members(
            principal.session().account_id,
            *asked_page(request),
            request.query,
        )
        return messages.ListMembersResponse(
            members=[to_member(person) for person in page.items], next_page_token=page.next_token
        )

    async def GetMember(self, request: messages.GetMemberRequest, context: Any) -> messages.GetMemberResponse:
        account_id, user_id = principal.session().account_id, find_uuid(request.user_id, MEMBER)
        holdings = await self._membership.get(account_id, user_id)
        api_keys = await self._api_keys.made_by(account_id, user_id)
        return messages.GetMemberResponse(
            member=to_member(holdings.person),
            devices=[to_device(device) for device in holdings.devices],
            device_count=holdings.device_count,
            api_keys=[to_api_key(key) for key in api_keys],
            session_count=holdings.session_count,
            invites=[to_invite(InviteView(invite, holdings.person.user.email)) for invite in holdings.invites],
            invite_count=holdings.invite_count,
            devices_paired_for_others=[to_device_view(view) for view in holdings.paired_for_others],
            devices_paired_for_others_count=holdings.paired_for_others_count,
            may_know_webhook_secret=holdings.may_know_webhook_secret,
            password_reset_mail=None if holdings.reset_mail is None else to_mail(holdings.reset_mail),
        )

    async def UpdateMember(self, request: messages.UpdateMemberRequest, context: Any) -> messages.UpdateMemberResponse:
        caller = principal.session()
        person, ended = await self._membership.change_role(
            caller.account_id,
            caller.user_id,
            find_uuid(request.user_id, MEMBER),
            choice(request, "role", Role),
            _besides(request),
        )
        return messages.UpdateMemberResponse(
            member=to_member(person),
            invites_ended=ended.invites,
            api_keys_revoked=ended.api_keys,
            devices_unpaired=len(ended.devices),
            pairing_codes_ended=ended.pairing_codes,
        )

    async def RemoveMember(self, request: messages.RemoveMemberRequest, context: Any) -> messages.RemoveMemberResponse:
        caller = principal.session()
        ended = await self._membership.remove(
            caller.account_id, caller.user_id, find_uuid(request.user_id, MEMBER), _besides(request)
        )
        return messages.RemoveMemberResponse(
            sessions_ended=ended.sessions,
            devices_unpaired=len(ended.devices),
            api_keys_revoked=ended.api_keys,
            invites_ended=ended.invites,
            pairing_codes_ended=ended.pairing_codes,
        )


def _besides(request: messages.UpdateMemberRequest | messages.RemoveMemberRequest) -> Besides:
    """Reads what the request names.

    Raises InvalidRequest for a value that is not an id.
    """
    return Besides(
        [require_uuid(one, f"api_key_ids[{place}]") for place, one in enumerate(request.api_key_ids)],
        [require_uuid(one, f"device_ids[{place}]") for place, one in enumerate(request.device_ids)],
        request.rotate_webhook_secret,
    )
