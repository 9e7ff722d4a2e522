"""smith.core.v1.WebhookService over gRPC."""

from typing import Any

from smith.core.v1 import webhook_service_pb2 as messages
from smith.core.v1 import webhook_service_pb2_grpc

from core_service.common.reading import asked_page, choice, to_timestamp
from core_service.identity import principal
from core_service.webhooks.convert import to_action_run, to_secret
from core_service.webhooks.models import RunState
from core_service.webhooks.service import ActionRuns
from core_service.webhooks.signing_keys import SigningKeys


class WebhookServicer(webhook_service_pb2_grpc.WebhookServiceServicer):
    """Shows owners their account's webhooks."""

    def __init__(self, runs: ActionRuns, keys: SigningKeys) -> None:
        self._runs = runs
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
