"""smith.core.v1.WebhookService over gRPC."""

from typing import Any

from smith.core.v1 import webhook_service_pb2 as messages
from smith.core.v1 import webhook_service_pb2_grpc

from core_service.common.reading import asked_page, choice, given, read_time, to_timestamp
from core_service.common.validation import find_uuid, require_storable, require_uuid
from core_service.identity import principal
from core_service.webhooks.calls import CallFilters, WebhookCallLog
from core_service.webhooks.convert import to_action_run, to_call, to_secret
from core_service.webhooks.models import RunState
from core_service.webhooks.service import ActionRuns
from core_service.webhooks.signing_keys import SigningKeys


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Shows owners their account's webhooks."""

    def __init__(self, runs: ActionRuns, calls: WebhookCallLog, keys: SigningKeys) -> None:
        self._runs = runs
        self._calls = calls
        self._keys = keys

    async def GetWebhookSecret(
        self, request: messages.GetWebhookSecretRequest, context: Any
    ) -> messages.GetWebhookSecretResponse:
        present = await self._keys.present(principal.session().account_id)
        return messages.GetWebhookSecretResponse(
            webhook_secret=to_secret(present.secret), created_at=to_timestamp(present.created_at)
        )

    async def RotateWebhookSecret(
        self, request: messages.RotateWebhookSecretRequest, context: Any
    ) -> messages.RotateWebhookSecretResponse:
        key, previous_expires_at = await self._keys.rotate(principal.session().account_id)
        return messages.RotateWebhookSecretResponse(
            webhook_secret=to_secret(key), previous_expires_at=to_timestamp(previous_expires_at)
        )

    async def ListActionRuns(
        self, request: messages.ListActionRunsRequest, context: Any
    ) -> messages.ListActionRunsResponse:
        page = await self._runs.list(
            principal.session().account_id, choice(request, "state", RunState), *asked_page(request)
        )
        return messages.ListActionRunsResponse(
            action_runs=[to_action_run(run) for run in page.items], next_page_token=page.next_token
        )

    async def ListWebhookCalls(
        self, request: messages.ListWebhookCallsRequest, context: Any
    ) -> messages.ListWebhookCallsResponse:
        filters = CallFilters(
            state=choice(request, "state", RunState),
            device_id=given(request, "device_id", require_uuid),
            search=given(request, "search", require_storable),
            since=read_time(request, "since"),
            until=read_time(request, "until"),
        )
        page = await self._calls.list(principal.session().account_id, filters, *asked_page(request))
        return messages.ListWebhookCallsResponse(
            webhook_calls=[to_call(call) for call in page.items], next_page_token=page.next_token
        )

    async def GetWebhookCall(
        self, request: messages.GetWebhookCallRequest, context: Any
    ) -> messages.GetWebhookCallResponse:
        run_id = find_uuid(request.action_run_id, "webhook call")
        call = await self._calls.get(principal.session().account_id, run_id)
        return messages.GetWebhookCallResponse(webhook_call=to_call(call))
