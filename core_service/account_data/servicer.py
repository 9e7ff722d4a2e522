"""smith.core.v1.AccountDataService over gRPC."""

import asyncio
from contextlib import aclosing
from typing import Any

from smith.core.v1 import account_data_service_pb2 as messages
from smith.core.v1 import account_data_service_pb2_grpc

from core_service.account_data.deletion import Deletion
from core_service.account_data.export import AccountExport
from core_service.audit import act
from core_service.common.reading import given
from core_service.identity import principal
from service_kit.errors import Unavailable

WRITE_SECONDS = 60.0
"""Seconds within which a reader must take a piece. One who does not would hold a place for exports."""


class AccountDataServicer(account_data_service_pb2_grpc.AccountDataServiceServicer):
    """Exports and deletes accounts and people."""

    def __init__(self, export: AccountExport, deletion: Deletion) -> None:
        self._export = export
        self._deletion = deletion

    # It uses context.write, as WatchEvents does.
    async def ExportAccount(self, request: messages.ExportAccountRequest, context: Any) -> None:  # type: ignore[override] # the stubs know generators only
        account_id = principal.session().account_id
        with self._export.place(account_id):
            await self._export.begin(account_id)
            async with aclosing(self._export.pieces(account_id)) as pieces:
                async for piece in pieces:
                    try:
                        async with asyncio.timeout(WRITE_SECONDS):
                            await context.write(messages.ExportAccountResponse(content=piece))
                    except TimeoutError:
                        raise Unavailable("The export was not read on.") from None

    async def DeleteAccount(
        self, request: messages.DeleteAccountRequest, context: Any
    ) -> messages.DeleteAccountResponse:
        closed = await self._deletion.close(
            principal.session(),
            name=request.account_name,
            password=given(request, "password"),
            client_address=act.client_address(),
        )
        return messages.DeleteAccountResponse(members=closed.members, devices=closed.devices)

    async def DeleteProfile(
        self, request: messages.DeleteProfileRequest, context: Any
    ) -> messages.DeleteProfileResponse:
        left = await self._deletion.delete_person(
            principal.session(), password=given(request, "password"), client_address=act.client_address()
        )
        return messages.DeleteProfileResponse(accounts=left)
