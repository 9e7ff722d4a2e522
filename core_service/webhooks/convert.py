"""Runs of actions as protobuf carries them."""

import base64

from smith.core.v1 import action_run_pb2, push_notification_pb2, webhook_call_pb2

from core_service.common.reading import to_timestamp
from core_service.webhooks.calls import WebhookCall
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


def to_call(call: WebhookCall) -> webhook_call_pb2.WebhookCall:
    """The message."""
    message = webhook_call_pb2.WebhookCall(
        action_run=to_action_run(call.run),
        device_name=call.device_name,
        action_title=call.action_title,
        method=push_notification_pb2.WebhookMethod.Value(f"WEBHOOK_METHOD_{call.run.method}"),
        url=call.run.url,
        subject_title=call.subject_title,
        due_at=to_timestamp(call.due_at),
    )
    if call.notification_id is not None:
        message.notification_id = str(call.notification_id)
    elif call.activity_id is not None:
        message.activity_id = call.activity_id
    return message


def to_secret(key: bytes) -> str:
    """A signing key as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(key).decode()
