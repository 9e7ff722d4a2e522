"""Makes one call of the API."""

import json
import re
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from activitysmith_cli import __version__
from activitysmith_cli.connection import URL_VARIABLE, Server

if TYPE_CHECKING:
    import httpx

MAX_ANSWER_BYTES = 1_000_000
PAUSES_AFTER_REFUSAL = (0.3, 0.7)
"""Seconds between tries. A refused connection has sent nothing, so a repeat cannot do anything twice."""


@dataclass(frozen=True)
class Request:
    """A request to the API."""

    method: str
    path: str
    """Path below `/api`."""
    body: Mapping[str, Any] | None
    """The JSON document, if there is one."""
    idempotency_key: str | None = None


def put_stream(stream_key: str, body: Mapping[str, Any], idempotency_key: str | None = None) -> Request:
    """Sets what a stream shows."""
    return Request("PUT", _stream_path(stream_key), body, idempotency_key)


def delete_stream(stream_key: str, body: Mapping[str, Any] | None, idempotency_key: str | None = None) -> Request:
    """Ends a stream."""
    return Request("DELETE", _stream_path(stream_key), body, idempotency_key)


def _stream_path(stream_key: str) -> str:
    return f"/live-activity/stream/{quote(stream_key, safe='')}"


@dataclass(frozen=True)
class Answer:
    """A server's answer."""

    status: int
    headers: Mapping[str, str]
    """Headers by their names in lower case."""
    body: bytes
    document: dict[str, Any] | None
    """The body, if it is a JSON object."""

    @property
    def retry_after(self) -> str | None:
        """The header: seconds, or a date."""
        return self.headers.get("retry-after")


class Unanswered(Exception):
    """There is no valid answer. The message is one line for people."""


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))
        self.answer = answer


def call(server: Server, request: Request) -> Answer:
    """Makes the call and returns the answer of a success.

    Raises Refused for any other status, Unanswered if the server is away, does not answer in time, has no valid
    certificate, or answers with something else than a JSON object.
    """
    httpx = _load_httpx()
    deadline = time.monotonic() + server.timeout
    pauses = iter(PAUSES_AFTER_REFUSAL)
    with _client(httpx, server) as client:
        while True:
            try:
                answer = _exchange(client, server, request, deadline)
                break
            except httpx.ConnectError as error:
                pause = next(pauses, None)
                if pause is None or not _has_cause(error, ConnectionRefusedError):
                    raise Unanswered(_why_not_connected(server, error)) from error
                time.sleep(pause)
            except httpx.ConnectTimeout as error:
                raise Unanswered(f"cannot reach {server.api_url} within {server.timeout:g} s") from error
            except httpx.TimeoutException as error:
                raise Unanswered(_too_late(server)) from error
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                raise Unanswered(_broken_off(server)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise Unanswered(f"the call of {server.api_url} failed: {_in_a_line(error)}") from error
    if not 200 <= answer.status < 300:
        raise Refused(answer)
    if answer.document is None:
        raise Unanswered(f"{server.api_url} answered {answer.status} without JSON: is it an ActivitySmith server?")
    return answer


def _load_httpx() -> ModuleType:
    # httpx imports the parts of its own command, such as rich and pygments, if they are installed. It works without
    # them, and loads in half the time.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    import httpx

    return httpx


def _client(library: Any, server: Server) -> "httpx.Client":
    # Certificates take a while to load. Without TLS this context is not used; if it were, it would trust no server.
    verify = True if server.api_url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    headers = {
        "authorization": f"Bearer {server.api_key}",
        "user-agent": f"activitysmith-cli/{__version__}",
        "accept": "application/json",
        "accept-encoding": "identity",
        # Ask the server to refuse a misspelt field of a JSON option. By default it ignores unknown fields.
        "prefer": "handling=strict",
    }
    try:
        client: httpx.Client = library.Client(verify=verify, headers=headers, timeout=server.timeout)
        return client
    except (OSError, ValueError, ImportError, library.InvalidURL) as error:
        # SSL_CERT_FILE is not a file of certificates, or HTTPS_PROXY not a proxy.
        raise Unanswered(f"cannot set up the connection: {_in_a_line(error)}") from error


def _exchange(client: "httpx.Client", server: Server, request: Request, deadline: float) -> Answer:
    headers = {"content-type": "application/json"} if request.body is not None else {}
    if request.idempotency_key is not None:
        headers["idempotency-key"] = request.idempotency_key
    content = None if request.body is None else json.dumps(request.body, allow_nan=False).encode()
    body = bytearray()
    with client.stream(request.method, server.api_url + request.path, content=content, headers=headers) as response:
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise Unanswered(f"{server.api_url} sent an answer without end: is it an ActivitySmith server?")
            if time.monotonic() > deadline:
                raise Unanswered(_too_late(server))
    return Answer(response.status_code, dict(response.headers), bytes(body), _document(bytes(body)))


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _too_late(server: Server) -> str:
    return f"{server.api_url} did not answer within {server.timeout:g} s; the request may have been carried out"


def _broken_off(server: Server) -> str:
    return f"{server.api_url} closed the connection, or does not speak HTTP; the request may have been carried out"


def _why_not_connected(server: Server, error: BaseException) -> str:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            trust = "SSL_CERT_FILE may name the certificate of a CA of your own"
            return f"{server.api_url} has no valid certificate: {cause.verify_message}; {trust}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS connection to {server.api_url}: {_in_a_line(cause)}"
    where = f"set {URL_VARIABLE} or --base-url if it is elsewhere"
    return f"cannot reach {server.api_url}: {_in_a_line(error)}; {where}"


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _in_a_line(error: BaseException) -> str:
    text = re.sub(r"^\[Errno -?\d+\] ", "", " ".join(str(error).split()))
    return text or type(error).__name__
