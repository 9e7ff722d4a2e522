"""The download of everything that a workspace has. It is an answer of its own: a page's socket cannot carry it."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import grpc
from fastapi import APIRouter
from smith.core.v1.account_data_service_pb2 import ExportAccountRequest
from smith.core.v1.account_pb2 import Account
from smith.core.v1.account_service_pb2 import GetAccountRequest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from admin_ui.core import IN_OTHER_WORDS, Caller, Refused, refused
from admin_ui.entrance.html import refused_page
from admin_ui.site import Site

PATH = "/export.json"
NAME_LENGTH = 40


def path_of(account: Account) -> str:
    """The URL of the account's export. It names the account: the person may have switched to another one."""
    return f"{PATH}?{urlencode({'account': account.id})}"


def file_name(account_name: str, day: str) -> str:
    """What the file is called: `acme-2026-11-28.json`."""
    words = re.sub(r"[^a-z0-9]+", "-", account_name.lower()).strip("-")[:NAME_LENGTH].strip("-")
    return f"{words or 'workspace'}-{day}.json"


def serve(router: APIRouter, site: Site) -> None:
    """Registers `/export.json`."""

    async def export(request: Request) -> Response:
        caller = replace(site.caller(request), account_id=request.query_params.get("account", ""))
        if caller.session_token is None or not caller.account_id.isascii():
            return site.to_sign_in(request)
        try:
            found = await site.core.ask(caller, site.core.accounts.GetAccount, GetAccountRequest())
            pieces = _pieces(site, caller)
            first = await anext(pieces)
        except Refused as refusal:
            return site.to_sign_in(request) if refusal.is_signed_out else refused_page(request, refusal)
        name = file_name(found.account.name, datetime.now(UTC).date().isoformat())
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return StreamingResponse(_all(first, pieces), media_type="application/json", headers=headers)

    router.add_api_route(PATH, export, methods=["GET"], include_in_schema=False)


async def _all(first: str, pieces: AsyncGenerator[str]) -> AsyncIterator[str]:
    """Raises Refused if the rest cannot be had. The connection is cut then, and the browser says that it failed."""
    try:
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()


async def _pieces(site: Site, caller: Caller) -> AsyncGenerator[str]:
    """Raises Refused."""
    call = site.core.account_data.ExportAccount(ExportAccountRequest(), metadata=caller.metadata)
    answers = aiter(call)
    try:
        while True:
            try:
                async with asyncio.timeout(site.settings.admin_call_timeout):
                    answer = await anext(answers)
            except StopAsyncIteration:
                return
            except grpc.aio.AioRpcError as error:
                raise refused(error) from error
            except TimeoutError:
                late = grpc.StatusCode.DEADLINE_EXCEEDED
                raise Refused(late, "", IN_OTHER_WORDS[late], {}) from None
            yield answer.content
    finally:
        call.cancel()
