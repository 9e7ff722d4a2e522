"""Makes the calls and runs the programs that tests ask for, one JSON object a line, and answers each with a line."""

import contextlib
import io
import json
import os
import runpy
import sys
from typing import Any

from activitysmith import ActivitySmith
from activitysmith_openapi.exceptions import ApiException


def outcome(asked: dict[str, Any]) -> dict[str, Any]:
    """What a program that uses the SDK sees."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            return {"answer": _call(**asked) if "method" in asked else _run(**asked), "printed": printed.getvalue()}
    except ApiException as error:
        return {"error": type(error).__name__, "status": error.status, "body": json.loads(error.body)}
    except Exception as error:
        return {"error": type(error).__name__, "told": str(error)}


def _call(key: str, resource: str, method: str, args: list[Any]) -> dict[str, Any]:
    client = ActivitySmith(api_key=key)
    answer = getattr(getattr(client, resource) if resource else client, method)(*args)
    return dict(answer.model_dump(mode="json", exclude_unset=True))


def _run(key: str, program: str) -> dict[str, Any]:
    os.environ["ACTIVITYSMITH_API_KEY"] = key
    runpy.run_path(program)
    return {}


for line in sys.stdin:
    print(json.dumps(outcome(json.loads(line))), flush=True)
