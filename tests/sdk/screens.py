"""What the phone shows after the examples of the SDKs' READMEs, and the running of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.sdk.drivers import Outcome, Sdk
from tests.sdk.readme import Example, program
from tests.team import Phone, Team, secret_of
from tests.waiting import eventually

JSON = dict[str, Any]

CHANNELS = ("sales", "customer-success", "ios-builds")
METRICS = {"deploy.success_rate": "percent", "prod.status": "string"}
"""What the READMEs take for granted."""
STAND_IN = "YOUR_ACTIVITY_ID"


@dataclass(frozen=True)
class Seen:
    """What is on the phone after an example. Nothing else is."""

    push: JSON | None = None
    card: JSON | None = None
    """Of its content state."""
    state: str = "active"
    seconds: int | None = None
    """How long the card's timer runs."""
    buttons: Sequence[str] = ()
    """Of the card, or else of the push."""
    badge: int = 0
    widgets: Mapping[str, float | str] = field(default_factory=dict)
    """Values among those that its widgets read."""


NEW = {"title": "New subscription 💸", "message": "Customer upgraded to Pro plan"}
HOMEPAGE = {"title": "Homepage ready", "message": "Your agent finished the redesign."}
MEDIA = {**HOMEPAGE, "media": "https://cdn.example.com/output/homepage-v2.png"}
REDIRECTION = {"redirection": "https://github.com/acme/web/pull/482"}
CHECKOUT_IS_DOWN = {"title": "🚨 checkout-api is down", "interruption_level": "time-sensitive"}
RECOVERED = {
    "title": "✅ checkout-api recovered",
    "message": "Error rate is back to normal. Incident resolved.",
    "sound": None,
    "interruption_level": "passive",
    "updated_count": 1,
}
SERVER = {"title": "Server Health", "subtitle": "prod-web-1", "type": "metrics"}
SALES = [
    {"label": "Revenue", "value": "$2430", "color": "blue"},
    {"label": "Orders", "value": "37", "color": "green"},
    {"label": "Conversion", "value": "4.8%", "color": "magenta"},
    {"label": "Avg Order", "value": "$65.68", "color": "yellow"},
    {"label": "Refunds", "value": "$84", "color": "red"},
    {"label": "New Buyers", "value": "18", "color": "cyan"},
]
APPROVAL = {
    "type": "alert",
    "title": "Approval Needed",
    "message": "Should I send the follow-up email to Brightlane?",
    "icon": {"symbol": "sparkles", "color": "green"},
    "badge": {"title": "Agent", "color": "green"},
}
BACKUP = {"title": "Nightly Database Backup", "type": "progress", "percentage": 62}
IMPORT = {"title": "Customer Import", "percentage": 60}


def usage(cpu: int, memory: int) -> JSON:
    """The card of the READMEs' server."""
    readings = [{"label": "CPU", "value": cpu, "unit": "%"}, {"label": "MEM", "value": memory, "unit": "%"}]
    return {**SERVER, "metrics": readings}


def deploying(current: int, total: int) -> JSON:
    """Steps of a card."""
    return {"type": "segmented_progress", "number_of_steps": total, "current_step": current}


OF_BOTH: dict[str, Sequence[Seen]] = {
    "Send a Push Notification": [Seen(push=NEW)],
    "Stats": [Seen(card={"type": "stats", "subtitle": "last hour", "metrics": SALES})],
    "Alert": [
        Seen(
            card={
                "type": "alert",
                "title": "Reactivation",
                "message": "Lumen came back after 2 weeks",
                "icon": {"symbol": "cloud.sun", "color": "yellow"},
                "badge": {"title": "Customer", "color": "magenta"},
            }
        )
    ],
    "Metrics": [Seen(card=usage(9, 45))],
    "Segmented Progress": [Seen(card={"title": "Nightly Backup", **deploying(2, 3)})],
    "Progress": [Seen(card={"title": "Search Reindex", "type": "progress", "percentage": 42})],
    "Timer": [Seen(card={"type": "timer", "title": "Benchmark Run", "color": "cyan"}, seconds=300)],
    "End Live Activity": [Seen(card=usage(7, 38), state="ended")],
    "Icon": [Seen(card={**usage(18, 42), "icon": {"symbol": "server.rack", "color": "blue"}})],
    "Badge": [Seen(card={**BACKUP, "badge": {"title": "S3", "color": "cyan"}})],
    "Open URL action": [Seen(card=usage(76, 52), buttons=["Dashboard"])],
    "Webhook action": [
        Seen(card={"title": "Reindexing product search", **deploying(7, 12)}, buttons=["Pause Reindex"])
    ],
    "Secondary action": [Seen(card=APPROVAL, buttons=["Send", "Deny"])],
}
WIDGETS = [Seen(widgets={"deploy.success_rate": 99.9}), Seen(widgets={"prod.status": "healthy"})]
ONBOARDING = ["Chat with Jarvis", "Start Onboarding Workflow"]
SCREENS: dict[str, dict[str, Sequence[Seen]]] = {
    "python": OF_BOTH
    | {
        "Quickstart": [Seen()],
        "Custom Push Notification Icons": [
            Seen(
                push={
                    "title": "MRR just crossed $10,000 🎉",
                    "icon": "https://cdn.activitysmith.com/integrations/icons/stripe.png",
                }
            )
        ],
        "Rich Push Notifications with Media": [Seen(push={**MEDIA, "redirection": None})],
        "Push Notifications with Redirection": [Seen(push=HOMEPAGE | REDIRECTION)],
        "Actionable Push Notifications": [Seen(push=NEW, buttons=["Open CRM", *ONBOARDING])],
        "Passive": [Seen(push={"title": "Daily summary", "interruption_level": "passive", "sound": None})],
        "Active (default)": [
            Seen(push={"title": "Deployment complete", "interruption_level": "active", "sound": "default"})
        ],
        "Time Sensitive": [Seen(push=CHECKOUT_IS_DOWN)],
        "Replace a Push Notification": [Seen(push=RECOVERED)],
        "Value": [
            Seen(
                card={
                    "type": "value",
                    "value": "$1,240",
                    "icon": {"symbol": "dollarsign.circle", "color": "green"},
                    "badge": {"title": "↑ 18%", "color": "purple"},
                }
            )
        ],
        "Apple Shortcut action": [Seen(card=usage(76, 52), buttons=["Chat with Jarvis"])],
        "Lock Screen Widgets": WIDGETS,
        "Set or update the badge value": [Seen(badge=8333)],
        "Clear the badge": [Seen()],
        "Metadata": [Seen(push=NEW, card=IMPORT | {"type": "progress"})],
        "Tags": [Seen(push=NEW), Seen(card=IMPORT)],
        "Channels": [Seen(push=NEW, card={"title": "Nightly database backup", **deploying(1, 3)}, badge=3)],
    },
    "node": OF_BOTH
    | {
        "Setup": [Seen(), Seen()],
        "Rich Push Notifications with Media": [Seen(push=MEDIA | REDIRECTION)],
        "Actionable Push Notifications": [
            Seen(
                push={**NEW, "redirection": "https://crm.example.com/customers/cus_9f3a1d"},
                buttons=["Open CRM Profile", *ONBOARDING],
            )
        ],
        "Apple Shortcut action": [
            Seen(card={"title": "Deploying payments-api", **deploying(3, 5)}, buttons=["Chat with Jarvis"])
        ],
        "Widgets": WIDGETS,
        "App Icon Badge Count": [Seen(badge=8333), Seen()],
        "Channels: Push Notifications": [Seen(push=NEW)],
        "Channels: Live Activities": [Seen(card=BACKUP)],
        "Channels: App Icon Badge Count": [Seen(badge=3)],
        "Tags": [Seen(push=NEW)],
        "Error Handling": [Seen(push={"title": NEW["title"]})],
    },
}
"""By language and heading, for each of its examples in their order."""


def expected(example: Example) -> Seen | None:
    """What the phone shows after the example; None if it is not among those that were looked at."""
    screens = SCREENS[example.language].get(example.heading, ())
    return screens[example.place] if example.place < len(screens) else None


class Reader:
    """Somebody who tries the examples of a README, with an account that has all that it takes for granted."""

    def __init__(self, team: Team, sdk: Sdk, examples: list[Example]) -> None:
        self.examples = examples
        self._team = team
        self._sdk = sdk
        self._key = secret_of(team.key())
        team.ask("PATCH", "/api/account", max_live_activities=100)
        for key, kind in METRICS.items():
            team.ask("POST", "/api/metrics", key=key, format=kind)
        self.phone: Phone = team.phone()
        self.phone.do("settings", start_budget_per_hour=1000)
        for slug in CHANNELS:
            team.assign_device(team.ask("POST", "/api/channels", slug=slug)["channel"]["id"], self.phone)

    def run(self, example: Example) -> Outcome:
        """Runs the example as it stands, after the README's own setup; what it is about is there."""
        code = program(self.examples, example)
        if "end_stream(" in code or "endStream(" in code:
            self.run(next(one for one in self.examples if one.heading == "Metrics"))
            (card,) = eventually("the card is there", self.phone.cards)
            self.phone.live(card["activity_id"])
        if "badge_count(0)" in code or "badgeCount(0)" in code:
            before = self.run(self.examples[self.examples.index(example) - 1])
            if before.error:
                return before
            eventually("there is a badge to clear", lambda: self.phone.read()["badge"])
        if STAND_IN in code:
            state = {"title": "Customer Import", "type": "progress", "percentage": 1}
            started = self._team.ask("POST", "/api/live-activity/start", content_state=state)
            code = code.replace(STAND_IN, started["activity_id"])
        return self._sdk.run(self._key, code, ending=example.ending)

    def sees(self, seen: Seen) -> None:
        """Fails unless this, and nothing else, comes to be on the phone."""
        if seen.widgets:
            self.phone.do("refresh-widgets")
        eventually(
            f"{seen} is on the phone", lambda: _differences(self.phone.read(), seen), 30, until=lambda left: not left
        )

    def clear(self) -> None:
        """Takes everything off the phone."""
        self.phone.do("notifications/clear")
        for stream in self._team.ask("GET", "/api/live-activity/streams")["streams"]:
            self._team.ask("DELETE", f"/api/live-activity/stream/{stream['stream_key']}")
        for card in self.phone.cards():
            self.phone.dismiss(card["activity_id"])


def _differences(phone: JSON, seen: Seen) -> list[str]:
    """What is otherwise on the phone."""
    pushes, cards = phone["notifications"], phone["live_activities"]
    found = [
        f"{kind}: {shown}"
        for kind, shown, wanted in (("pushes", pushes, seen.push), ("cards", cards, seen.card))
        if len(shown) != (wanted is not None)
    ]
    if found:
        return found
    if seen.push is not None and not pushes[0].items() >= seen.push.items():
        found.append(f"push: {pushes[0]}")
    if seen.card is not None:
        content = cards[0]["content_state"]
        if cards[0]["state"] != seen.state or not content.items() >= seen.card.items():
            found.append(f"card: {cards[0]}")
        window = content.get("timer", {})
        if seen.seconds is not None and window.get("ends_at", 0) - window.get("starts_at", 0) != seen.seconds:
            found.append(f"timer: {window}")
    buttons = [one["title"] for shown in (cards or pushes)[:1] for one in shown["actions"]]
    if buttons != list(seen.buttons):
        found.append(f"buttons: {buttons}")
    values = {one["key"]: one["latest_value"] for one in phone["widgets"]}
    if not values.items() >= seen.widgets.items():
        found.append(f"widgets: {values}")
    if phone["badge"] != seen.badge:
        found.append(f"badge: {phone['badge']}")
    return found
