"""smith.core.v1.SecondFactorService and smith.core.v1.PasskeyService over gRPC."""

from typing import Any

from smith.core.v1 import passkey_service_pb2 as passkeys
from smith.core.v1 import passkey_service_pb2_grpc, second_factor_service_pb2_grpc
from smith.core.v1 import second_factor_service_pb2 as messages

from core_service.accounts.convert import to_sign_in
from core_service.accounts.service import Accounts
from core_service.audit import act
from core_service.common.reading import given
from core_service.common.validation import find_uuid
from core_service.identity import principal
from core_service.second_factor.convert import to_factors, to_passkey
from core_service.second_factor.own import OwnFactors
from core_service.second_factor.own_passkeys import THING as PASSKEY
from core_service.second_factor.own_passkeys import OwnPasskeys
from core_service.second_factor.resets import FactorResets
from core_service.second_factor.sign_in import SignIns
from service_kit.errors import InvalidRequest

MEMBER = "member"


class SecondFactorServicer(second_factor_service_pb2_grpc.SecondFactorServiceServicer):
    """Finishes sign-ins, and lets people and owners manage second factors."""

    def __init__(self, sign_ins: SignIns, own: OwnFactors, resets: FactorResets, accounts: Accounts) -> None:
        self._sign_ins = sign_ins
        self._own = own
        self._resets = resets
        self._accounts = accounts

    async def CompleteSignIn(
        self, request: messages.CompleteSignInRequest, context: Any
    ) -> messages.CompleteSignInResponse:
        address = principal.anonymous().client_address
        if not (request.HasField("passkey") or request.HasField("code")):
            raise InvalidRequest("code or passkey must be given").about("code", "passkey")
        if request.HasField("passkey"):
            new = await self._sign_ins.complete_with_passkey(request.challenge, request.passkey, address)
        else:
            new = await self._sign_ins.complete_with_code(request.challenge, request.code, address)
        mine = await self._accounts.get(new.account_id, new.user_id)
        return messages.CompleteSignInResponse(**to_sign_in(new, *mine))

    async def GetSecondFactor(
        self, request: messages.GetSecondFactorRequest, context: Any
    ) -> messages.GetSecondFactorResponse:
        return to_factors(await self._own.get(principal.session()))

    async def BeginAuthenticatorApp(
        self, request: messages.BeginAuthenticatorAppRequest, context: Any
    ) -> messages.BeginAuthenticatorAppResponse:
        password = given(request, "current_password")
        secret, uri = await self._own.begin_app(principal.session(), password, act.client_address())
        return messages.BeginAuthenticatorAppResponse(secret=secret, uri=uri)

    async def ConfirmAuthenticatorApp(
        self, request: messages.ConfirmAuthenticatorAppRequest, context: Any
    ) -> messages.ConfirmAuthenticatorAppResponse:
        codes, ended = await self._own.confirm_app(principal.session(), request.code, act.client_address())
        return messages.ConfirmAuthenticatorAppResponse(recovery_codes=codes, sessions_ended=ended)

    async def RemoveAuthenticatorApp(
        self, request: messages.RemoveAuthenticatorAppRequest, context: Any
    ) -> messages.RemoveAuthenticatorAppResponse:
        password = given(request, "current_password")
        await self._own.remove_app(principal.session(), password, request.code, act.client_address())
        return messages.RemoveAuthenticatorAppResponse()

    async def CreateRecoveryCodes(
        self, request: messages.CreateRecoveryCodesRequest, context: Any
    ) -> messages.CreateRecoveryCodesResponse:
        password = given(request, "current_password")
        codes = await self._own.new_recovery_codes(principal.session(), password, act.client_address())
        return messages.CreateRecoveryCodesResponse(recovery_codes=codes)

    async def ResetSecondFactor(
        self, request: messages.ResetSecondFactorRequest, context: Any
    ) -> messages.ResetSecondFactorResponse:
        caller = principal.session()
        taken = await self._resets.reset(caller.account_id, caller.user_id, find_uuid(request.user_id, MEMBER))
        return messages.ResetSecondFactorResponse(sessions_ended=taken.sessions, passkeys_removed=taken.passkeys)


class PasskeyServicer(passkey_service_pb2_grpc.PasskeyServiceServicer):
    """Begins sign-ins with passkeys, and lets people manage theirs."""

    def __init__(self, sign_ins: SignIns, own: OwnPasskeys) -> None:
        self._sign_ins = sign_ins
        self._own = own

    async def BeginPasskeySignIn(
        self, request: passkeys.BeginPasskeySignInRequest, context: Any
    ) -> passkeys.BeginPasskeySignInResponse:
        token, options = await self._sign_ins.begin_passkey(
            given(request, "challenge"), principal.anonymous().client_address
        )
        return passkeys.BeginPasskeySignInResponse(challenge=token, options_json=options)

    async def BeginPasskey(self, request: passkeys.BeginPasskeyRequest, context: Any) -> passkeys.BeginPasskeyResponse:
        password = given(request, "current_password")
        token, options = await self._own.begin(principal.session(), password, act.client_address())
        return passkeys.BeginPasskeyResponse(challenge=token, options_json=options)

    async def CreatePasskey(
        self, request: passkeys.CreatePasskeyRequest, context: Any
    ) -> passkeys.CreatePasskeyResponse:
        passkey, codes, ended = await self._own.add(
            principal.session(), request.challenge, request.passkey, request.name
        )
        return passkeys.CreatePasskeyResponse(passkey=to_passkey(passkey), recovery_codes=codes, sessions_ended=ended)

    async def ListPasskeys(self, request: passkeys.ListPasskeysRequest, context: Any) -> passkeys.ListPasskeysResponse:
        found = await self._own.list(principal.session().user_id)
        return passkeys.ListPasskeysResponse(passkeys=[to_passkey(one) for one in found])

    async def UpdatePasskey(
        self, request: passkeys.UpdatePasskeyRequest, context: Any
    ) -> passkeys.UpdatePasskeyResponse:
        passkey_id = find_uuid(request.passkey_id, PASSKEY)
        renamed = await self._own.rename(principal.session().user_id, passkey_id, request.name)
        return passkeys.UpdatePasskeyResponse(passkey=to_passkey(renamed))

    async def DeletePasskey(
        self, request: passkeys.DeletePasskeyRequest, context: Any
    ) -> passkeys.DeletePasskeyResponse:
        await self._own.remove(
            principal.session(),
            find_uuid(request.passkey_id, PASSKEY),
            given(request, "current_password"),
            act.client_address(),
        )
        return passkeys.DeletePasskeyResponse()
