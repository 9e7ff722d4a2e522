"""Turns the protos' names and comments into texts for readers."""

import re

from smith.core.v1.comments import COMMENTS

UNCOUNTED = frozenset({"Account", "AccountData", "Apns", "Audit", "DeliveryLog", "Insight", "Mail", "Status"})
"""Services whose tag does not get a plural s."""
SPELLINGS = {
    "Account": "account",
    "Api key": "API key",
    "Api keys": "API keys",
    "Apns": "APNs",
    "apns": "APNs",
    "api key": "API key",
    "live activit": "Live Activit",
    "Live activit": "Live Activit",
}
WORD = re.compile(r"[A-Z][a-z]*")
ERRORS = re.compile(r"\n\nErrors: (.*)\Z", re.DOTALL)


def paragraphs(full_name: str) -> str:
    """The proto's comment on an element, one line for each paragraph, without its errors. Empty if there is none."""
    text = ERRORS.sub("", COMMENTS.get(full_name, ""))
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def errors_line(full_name: str) -> str:
    """The errors in the comment on an RPC: `NOT_FOUND (no such member), RATE_LIMITED.`; empty if it names none."""
    found = ERRORS.search(COMMENTS.get(full_name, ""))
    return " ".join(found.group(1).split()) if found else ""


def tag_of(service: str) -> str:
    """The tag of a service's operations: `PushNotificationService` gives `PushNotifications`."""
    name = service.removesuffix("Service")
    if name in UNCOUNTED:
        return name
    return f"{name[:-1]}ies" if name.endswith("ty") else f"{name}s"


def spoken(name: str) -> str:
    """A name in CamelCase as words: `ListLiveActivities` gives `List Live Activities`."""
    first, *rest = WORD.findall(name)
    text = " ".join([first, *map(str.lower, rest)])
    for plain, usual in SPELLINGS.items():
        if plain[0].islower() or text.startswith(plain):
            text = text.replace(plain, usual)
    return text[0].upper() + text[1:] if not text.startswith("APNs") else text
