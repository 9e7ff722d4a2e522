"""smith.core.v1.PasswordResetService over gRPC."""

from typing import Any

from smith.core.v1 import password_reset_service_pb2 as messages
from smith.core.v1 import password_reset_service_pb2_grpc

from core_service.common.reading import to_timestamp
from core_service.common.validation import find_uuid
from core_service.identity import principal
from core_service.mail.convert import to_mail
from core_service.password_resets.service import PasswordResets

MEMBER = "member"


class PasswordResetServicer(password_reset_service_pb2_grpc.PasswordResetServiceServicer):
    """Lets people who have lost their password set a new one."""

    def __init__(self, resets: PasswordResets) -> None:
        self._resets = resets

    async def RequestPasswordReset(
        self, request: messages.RequestPasswordResetRequest, context: Any
    ) -> messages.RequestPasswordResetResponse:
        await self._resets.request(request.email, principal.anonymous().client_address)
        return messages.RequestPasswordResetResponse()

    async def GetPasswordReset(
        self, request: messages.GetPasswordResetRequest, context: Any
    ) -> messages.GetPasswordResetResponse:
        opened = await self._resets.look(request.token, principal.anonymous().client_address)
        return messages.GetPasswordResetResponse(email=opened.email, expires_at=to_timestamp(opened.expires_at))

    async def ResetPassword(
        self, request: messages.ResetPasswordRequest, context: Any
    ) -> messages.ResetPasswordResponse:
        email, ended = await self._resets.complete(
            request.token, request.new_password, principal.anonymous().client_address
        )
        return messages.ResetPasswordResponse(email=email, sessions_ended=ended)

    async def SendPasswordReset(
        self, request: messages.SendPasswordResetRequest, context: Any
    ) -> messages.SendPasswordResetResponse:
        caller = principal.session()
        mail = await self._resets.send(caller.account_id, caller.user_id, find_uuid(request.user_id, MEMBER))
        return messages.SendPasswordResetResponse(sent_to=mail.email, mail=to_mail(mail))

    async def CreatePasswordResetLink(
        self, request: messages.CreatePasswordResetLinkRequest, context: Any
    ) -> messages.CreatePasswordResetLinkResponse:
        caller = principal.session()
        url, expires_at = await self._resets.make_link(
            caller.account_id, caller.user_id, find_uuid(request.user_id, MEMBER)
        )
        return messages.CreatePasswordResetLinkResponse(url=url, expires_at=to_timestamp(expires_at))
