"""Runs of actions as protobuf carries them."""

import base64

from smith.core.v1 import action_run_pb2

from core_service.common.reading import to_timestamp
from core_service.webhooks.models import Run, RunState

STATES = {state: action_run_pb2.ActionRunState.Value(f"ACTION_RUN_STATE_{state.name}") for state in RunState}


def to_action_run(run: Run) -> action_run_pb2.ActionRun:
    """The message."""
    return action_run_pb2.ActionRun(
        id=str(run.id),
        action_id=str(run.action_id),
        device_id=str(run.device_id),
        state=STATES[run.state],
        attempts=run.attempts,
        status_code=run.status_code,
        response_body=run.response_body,
        reason=run.reason,
        message=run.message,
        created_at=to_timestamp(run.created_at),
        settled_at=to_timestamp(run.settled_at),
    )


def to_secret(key: bytes) -> str:
    """A signing key as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(key).decode()
