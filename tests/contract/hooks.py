"""What Schemathesis cannot know of this server: who may call what, and how its texts look."""

import os
import secrets
from collections.abc import Callable
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import AuthContext, Case, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

from tests.contract.exceptions import EXCEPTIONS

SERVER = httpx.Client(base_url=os.environ["SMITH_CONTRACT_URL"], timeout=30)
OWNER = {"email": os.environ["SMITH_CONTRACT_EMAIL"], "password": os.environ["SMITH_CONTRACT_PASSWORD"]}
NEIGHBOUR = OWNER | {"email": os.environ["SMITH_CONTRACT_NEIGHBOUR"]}
"""Of an account of their own, whose limits may be changed and whose sessions may end."""


def ask(method: str, path: str, token: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to a call. Raises HTTPStatusError if it does not succeed."""
    answer = SERVER.request(
        method, f"/api{path}", headers={"Authorization": f"Bearer {token}"} if token else {}, json=body
    )
    answer.raise_for_status()
    return dict(answer.json())


def session(person: dict[str, str]) -> str:
    """A new session of the person."""
    return str(ask("POST", "/sessions", body=person)["session_token"])


def device(owner: str) -> str:
    """The secret of a new phone, which can be sent notifications and Live Activities."""
    code = ask("POST", "/pairing-codes", owner, {})["pairing_code"]
    token = str(ask("POST", "/device/pair", body={"pairing_code": code, "name": "Phone"})["device_token"])
    tokens = {"push_token": secrets.token_hex(32), "push_to_start_token": secrets.token_hex(32)}
    ask("PUT", "/device/tokens", token, tokens | {"environment": "sandbox", "bundle_id": "com.activitysmith.simulator"})
    return token


SESSION = session(OWNER)
TOKENS = {
    "apiKeyAuth": os.environ["SMITH_CONTRACT_API_KEY"],
    "sessionAuth": SESSION,
    "deviceAuth": device(SESSION),
}
KEPT = frozenset(
    {
        *(one["id"] for one in ask("GET", "/api-keys", SESSION)["api_keys"]),
        *(one["id"] for one in ask("GET", "/sessions", SESSION)["sessions"]),
        *(one["id"] for one in ask("GET", "/devices", SESSION)["devices"]),
    }
)
"""What the run itself lives on and must not take away."""


def renewed(kind: str, make: Callable[[], str]) -> str:
    """A new secret; the last one, which may be used up, while guesses of the run have others refused, too."""
    try:
        LAST[kind] = make()
    except httpx.HTTPStatusError as error:
        if error.response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise
    return LAST[kind]


LAST = {"session": session(NEIGHBOUR), "device": device(session(NEIGHBOUR))}


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """Good credentials of a kind that the description names first. A caller that gives theirs away gets new ones."""

    def get(self, case: Case, context: AuthContext) -> str | None:
        """The secret."""
        match case.operation.definition.raw["operationId"]:
            case "deleteSession" | "revokeOtherSessions" | "updateAccount":
                return renewed("session", lambda: session(NEIGHBOUR))
            case "unpairDevice":
                return renewed("device", lambda: device(session(NEIGHBOUR)))
        schemes = [name for one in case.operation.definition.raw["security"] for name in one]
        return TOKENS[schemes[0]] if schemes else None

    def set(self, case: Case, data: str, context: AuthContext) -> None:
        """As a bearer token."""
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context: Any, case: Case, kwargs: dict[str, Any]) -> None:
    """Leaves alone what the run itself lives on: it asks for something that is not there instead."""
    for name, value in (case.path_parameters or {}).items():
        if value in KEPT and case.method != "GET":
            case.path_parameters[name] = "00000000-0000-7000-8000-000000000000"


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Case, response: Response) -> bool:
    """All failures count but those of EXCEPTIONS: a form that is good is not all that a request needs.

    A request that asks for strict handling has refused what the description lets through.
    """
    if not isinstance(failure, RejectedPositiveData):
        return True
    is_strict = "handling=strict" in str((case.headers or {}).get("Prefer", ""))
    exceptions = [*EXCEPTIONS, "is not a known field"] if is_strict else EXCEPTIONS
    return not any(words in response.text for words in exceptions)


names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)
schemathesis.openapi.format("uri", st.builds("https://{}.example.com/{}".format, names, names))
schemathesis.openapi.format("email", st.builds("{}@{}.example.com".format, names, names))
