"""What Schemathesis cannot know of this server: who may call what, and how its texts look."""

import os
import secrets
from typing import Any

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import AuthContext, Case, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import RejectedPositiveData

SERVER = httpx.Client(base_url=os.environ["SMITH_CONTRACT_URL"], timeout=30)
OWNER = {"email": os.environ["SMITH_CONTRACT_EMAIL"], "password": os.environ["SMITH_CONTRACT_PASSWORD"]}
NEIGHBOUR = OWNER | {"email": os.environ["SMITH_CONTRACT_NEIGHBOUR"]}
"""Of an account of their own, whose limits may be changed and whose sessions may end."""


def ask(method: str, path: str, token: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The answer to a call that must succeed."""
    answer = SERVER.request(
        method, f"/api{path}", headers={"Authorization": f"Bearer {token}"} if token else {}, json=body
    )
    assert answer.status_code == 200, answer.text
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


@schemathesis.auth(refresh_interval=None)
class Credentials:
    """Good credentials of a kind that the description names first. Whoever gives theirs away gets them anew."""

    def get(self, case: Case, context: AuthContext) -> str | None:
        """The secret."""
        match case.operation.definition.raw["operationId"]:
            case "deleteSession" | "revokeOtherSessions" | "updateAccount":
                return session(NEIGHBOUR)
            case "unpairDevice":
                return device(session(NEIGHBOUR))
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


EXCEPTIONS = {
    "page_token must be the next_page_token of the page before": "only what the server itself has made is one",
    "exactly one of notification_id, activity_id and stream_key": "OpenAPI relates no parameters to each other",
    "there is no channel with the slug": "which channels there are is the account's",
    "must be the slug of a channel in the account": "which channels there are is the account's",
    "must be the id of an API key of the account": "which keys there are is the account's",
    "has ended and cannot be updated": "whether it has is no matter of form",
    "content_state.type is required": "required of a stream that has had none",
    "content_state.number_of_steps is required for type": "required of a stream that has had none",
    "content_state.current_step must be at most number_of_steps": "JSON Schema compares no values",
    "action_id must name a webhook action": "what an action does is no matter of form",
    "channels and target.channels must name the same channels": "JSON Schema compares no values",
}
"""Answers to good requests that the description cannot foretell, by what they say, each with the reason."""


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Case, response: Response) -> bool:
    """All failures count but those of EXCEPTIONS: a form that is good is not all that a request needs."""
    return not (isinstance(failure, RejectedPositiveData) and any(words in response.text for words in EXCEPTIONS))


names = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)
schemathesis.openapi.format("uri", st.builds("https://{}.example.com/{}".format, names, names))
schemathesis.openapi.format("email", st.builds("{}@{}.example.com".format, names, names))
