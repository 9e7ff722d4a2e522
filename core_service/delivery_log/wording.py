"""What verdicts call things on a phone with the app, and on a browser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Words and sentences for people."""

    device: str
    taker: str
    """What takes its pushes, at the beginning of a sentence."""
    token: str
    """What alerts are sent to."""
    start_token: str
    """What Live Activities are started with."""
    has_another: str
    """That it has a token that works by now."""
    lost: str
    """Why a token may be dead."""
    start_waits: str
    """For what a start waits."""
    report: str
    """How it gets a token that works."""
    look: str
    """Where to look, once the push was accepted."""
    ended_by: str
    """What ended a Live Activity after 8 hours."""


OF_PHONE = Wording(
    device="phone",
    taker="APNs",
    token="push token",  # noqa: S106 - words
    start_token="push-to-start token",  # noqa: S106 - words
    has_another="It has reported another since.",
    lost="the app was removed, or has another",
    start_waits="until the app reports one",
    report="Open the app on the phone: it reports its tokens at each launch.",
    look=(
        "Whether it is shown is between APNs and the phone: is the phone online, are notifications allowed for the "
        "app, is a Focus on?"
    ),
    ended_by="iOS ended it",
)
OF_BROWSER = Wording(
    device="browser",
    taker="The browser's push service",
    token="subscription",  # noqa: S106 - words
    start_token="subscription",  # noqa: S106 - words
    has_another="It has subscribed again since.",
    lost="notifications were forbidden, or the browser's data was cleared",
    start_waits="until the browser subscribes again",
    report="Open the page on the browser: it subscribes again, and asks to allow notifications if it must.",
    look=(
        "Whether it is shown is between the push service and the browser: is the browser running and online, are "
        "notifications allowed for the page and for the browser itself, is Do Not Disturb on? The page shows it in any "
        "case: open it on the browser."
    ),
    ended_by="It ended",
)
