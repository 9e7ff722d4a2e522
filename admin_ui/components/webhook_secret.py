"""The secret that webhook calls are signed with: shown on demand, replaced on request."""

from functools import partial

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1.webhook_service_pb2 import GetWebhookSecretRequest, RotateWebhookSecretRequest

from admin_ui.components.buttons import secondary
from admin_ui.components.copying import copyable
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import div, phrase
from admin_ui.components.layout import card
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.texts import _
from admin_ui.visit import Visit

ABOUT = _("Your webhook receivers check with this secret that a call comes from this server.")
WARNING = _(
    "For 24 hours calls are signed with both the new secret and the old one. Give the new one to all who "
    "receive your webhooks before that."
)


def webhook_secret(visit: Visit) -> None:
    """The card. For owners. The secret is in the page only after the person has asked to see it."""
    with card(_("Webhook signing secret"), ABOUT):
        place = div("stack")
        actions = div("cluster")

        def show(secret: str) -> None:
            place.clear()
            with place:
                copyable(secret, _("webhook signing secret"))

        def hide() -> None:
            place.clear()
            draw(shown=False)

        async def reveal() -> None:
            found = await visit.ask(visit.core.webhooks.GetWebhookSecret, GetWebhookSecretRequest())
            show(found.webhook_secret)
            with place, div("cluster muted small"):
                phrase(_("Made {when}"), when=partial(ago, found.created_at))
            draw(shown=True)

        async def rotate() -> None:
            if not await confirm(_("Replace the signing secret?"), WARNING, _("Replace secret")):
                return
            made = await visit.ask(visit.core.webhooks.RotateWebhookSecret, RotateWebhookSecretRequest())
            show(made.webhook_secret)
            with place:
                _new(made.previous_expires_at)
            draw(shown=True)

        def draw(*, shown: bool) -> None:
            actions.clear()
            with actions:
                if shown:
                    secondary(_("Hide"), hide, icon="visibility_off")
                else:
                    secondary(_("Show secret"), reveal, icon="visibility")
                secondary(_("Replace"), rotate, icon="autorenew")

        draw(shown=False)


def _new(previous_expires_at: Timestamp) -> None:
    with notice("good", _("This is the new secret.")), ui.element("p"):
        phrase(_("The old one stops working {when}."), when=partial(ago, previous_expires_at))
