"""The check of the credentials with Apple: a button, and what APNs answered in plain words."""

from nicegui import ui
from smith.core.v1.apns_service_pb2 import (
    APNS_CHECK_RESULT_MISCONFIGURED,
    APNS_CHECK_RESULT_UNREACHABLE,
    APNS_CHECK_RESULT_WORKING,
    ApnsCheck,
    CheckApnsRequest,
)
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_PRODUCTION

from admin_ui.components.buttons import secondary
from admin_ui.components.html import code, div, p, text
from admin_ui.components.layout import badge, card
from admin_ui.components.states import loading
from admin_ui.texts import _
from admin_ui.visit import Visit

BADGES = {
    APNS_CHECK_RESULT_WORKING: (_("Working"), "good"),
    APNS_CHECK_RESULT_MISCONFIGURED: (_("Needs a change"), "bad"),
    APNS_CHECK_RESULT_UNREACHABLE: (_("No answer"), "bad"),
}
UNCLEAR = (_("Unclear"), "warn")
ABOUT = _(
    "Asks Apple whether it takes pushes of this server's key, team and bundle id. No phone receives anything, and"
    " nothing that is being sent is affected."
)

SIMULATED = _(
    "The simulator stands in for Apple's push service. The check asks the simulator; it says nothing of credentials"
    " with Apple. No phone receives anything."
)
TAKEN_BY_SIMULATOR = (_("Simulated"), "info")


def apns_check(visit: Visit) -> None:
    """The card with the button. For owners."""
    simulated = visit.destinations.pushes_are_simulated
    with card(
        _("Push service") if simulated else _("Apple Push Notification service"), SIMULATED if simulated else ABOUT
    ):
        results = div("checks").props("role=status")

        async def check() -> None:
            results.clear()
            with results:
                loading(2)
            try:
                found = await visit.ask(visit.core.apns.CheckApns, CheckApnsRequest())
            finally:
                results.clear()
            with results:
                for one in found.checks:
                    _result(one)

        with div("cluster"):
            secondary(_("Check credentials"), check, icon="verified_user")


def _result(check: ApnsCheck) -> None:
    label, tone = BADGES.get(check.result, UNCLEAR)
    if check.simulated and check.result == APNS_CHECK_RESULT_WORKING:
        label, tone = TAKEN_BY_SIMULATOR
    production = check.environment == APNS_ENVIRONMENT_PRODUCTION
    with ui.element("article").classes("check"):
        with div("spread"):
            with div("cluster"):
                text(_("Production") if production else _("Development (sandbox)"), "strong")
                if check.topic:
                    code(check.topic)
            badge(label, tone)
        p(check.explanation)
        if check.advice:
            p(check.advice, "check-advice")
        with div("cluster muted small"):
            text(
                _("{who} answered: {reason}").format(
                    who=_("The simulator") if check.simulated else "Apple", reason=check.reason or _("accepted")
                )
            )
            if check.result == APNS_CHECK_RESULT_WORKING and check.reason:
                text(_("(as it should: the check is addressed to a phone that does not exist)"))
            if check.latency_ms:
                text(_("{latency_ms:,} ms").format(latency_ms=check.latency_ms), "num")
