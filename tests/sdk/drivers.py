"""The SDKs of both languages behind one interface, for claims that hold for both."""

import json
import subprocess
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol

from activitysmith import ActivitySmith
from activitysmith_openapi.exceptions import ApiException

from tests.sdk.programs import HOSTS, NODE, NODE_FOLDER, environment, node_is_installed

NODE_NAMES = {"live_activities": "liveActivities", "end_stream": "endStream", "badge_count": "badgeCount"}


@dataclass
class Outcome:
    """What a program that uses the SDK sees of a call: an answer, or an error."""

    answer: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    """What the SDK raises or throws; empty if it does not."""
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    """The error's document."""


class Sdk(Protocol):
    """One language's SDK."""

    def call(self, key: str, resource: str, method: str, *args: Any) -> Outcome:
        """Calls `client(key).resource.method(*args)`, named as in Python; of the client itself if there is no
        resource."""


class PythonSdk:
    """The Python SDK, in this process. Its host is changed by the line that docs/sdks.md gives."""

    def __init__(self, gateway: str) -> None:
        self._gateway = gateway

    def __enter__(self) -> "PythonSdk":
        """Nothing needs to be started."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing needs to be stopped."""

    def call(self, key: str, resource: str, method: str, *args: Any) -> Outcome:
        """The answer is the SDK's model, the error's document its body."""
        client = ActivitySmith(api_key=key)
        client.notifications._api.api_client.configuration.host = f"{self._gateway}/api"
        try:
            answer = getattr(getattr(client, resource) if resource else client, method)(*args)
        except ApiException as error:
            return Outcome(error=type(error).__name__, status=error.status, body=json.loads(error.body))
        return Outcome(answer=answer.model_dump(mode="json", exclude_unset=True))


class NodeSdk:
    """The Node SDK, in a process that takes calls until the block ends."""

    def __init__(self, gateway: str) -> None:
        node_is_installed()
        self._process = subprocess.Popen(
            [NODE, "--import", (HOSTS / "host.mjs").as_uri(), "driver.mjs"],
            env=environment(gateway, ""),
            cwd=NODE_FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "NodeSdk":
        """The process runs already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends the process."""
        self._process.communicate(timeout=30)

    def call(self, key: str, resource: str, method: str, *args: Any) -> Outcome:
        """The answer is what the promise resolves to, the error's document `await error.response.json()`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        names = {"resource": NODE_NAMES.get(resource, resource), "method": NODE_NAMES.get(method, method)}
        self._process.stdin.write(json.dumps({"key": key, **names, "args": args}) + "\n")
        self._process.stdin.flush()
        seen = json.loads(self._process.stdout.readline())
        if "answer" in seen:
            return Outcome(answer=seen["answer"])
        return Outcome(error=seen["name"], status=seen.get("status", 0), body=seen.get("body", {}))
