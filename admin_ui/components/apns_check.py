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
from admin_ui.visit import Visit

BADGES = {
    APNS_CHECK_RESULT_WORKING: ("Working", "good"),
    APNS_CHECK_RESULT_MISCONFIGURED: ("Needs a change", "bad"),
    APNS_CHECK_RESULT_UNREACHABLE: ("No answer", "bad"),
}
UNCLEAR = ("Unclear", "warn")
ABOUT = (
    "Asks Apple whether it takes pushes of this server's key, team and bundle id. No phone receives anything, and"
    " nothing that is being sent is affected."
)

SIMULATED = (
    "The simulator stands in for Apple's push service. The check asks the simulator; it says nothing of credentials"
    " with Apple. No phone receives anything."
)
TAKEN_BY_SIMULATOR = ("Simulated", "info")


def apns_check(visit: Visit) -> None:
    """The card with the button. For owners."""
    simulated = visit.destinations.pushes_are_simulated
    with card("Push service" if simulated else "Apple Push Notification service", SIMULATED if simulated else ABOUT):
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
            secondary("Check credentials", check, icon="verified_user")


def _result(check: ApnsCheck) -> None:
    label, tone = BADGES.get(check.result, UNCLEAR)
    if check.simulated and check.result == APNS_CHECK_RESULT_WORKING:
        label, tone = TAKEN_BY_SIMULATOR
    production = check.environment == APNS_ENVIRONMENT_PRODUCTION
    with ui.element("article").classes("check"):
        with div("spread"):
            with div("cluster"):
                text("Production" if production else "Development (sandbox)", "strong")
                if check.topic:
                    code(check.topic)
            badge(label, tone)
        p(check.explanation)
        if check.advice:
            p(check.advice, "check-advice")
        with div("cluster muted small"):
            text(f"{'The simulator' if check.simulated else 'Apple'} answered: {check.reason or 'accepted'}")
            if check.result == APNS_CHECK_RESULT_WORKING and check.reason:
                text("(as it should: the check is addressed to a phone that does not exist)")
            if check.latency_ms:
                text(f"{check.latency_ms:,} ms", "num")
