"""Messages to begin with, for people who have not written one yet."""

from typing import Any

from admin_ui.texts import _

TEMPLATES: dict[str, dict[str, Any]] = {
    _("A job is done"): {"title": _("Backup finished ✅"), "message": _("4.2 GB in 12 minutes. Nothing to do.")},
    _("A job has failed"): {
        "title": _("Deploy failed 🚨"),
        "subtitle": "main",
        "message": _("Step 3 of 5: the migrations timed out."),
        "interruption_level": "time-sensitive",
        "actions": [{"title": _("Open the log"), "type": "open_url", "url": "https://ci.example.com/runs/42"}],
    },
    _("Something needs an answer"): {
        "title": _("Release v2.14?"),
        "message": _("All checks are green. It goes out when you approve."),
        "actions": [{"title": _("Look at it"), "type": "open_url", "url": "https://ci.example.com/releases/2.14"}],
    },
    _("Good news"): {"title": _("New subscription 💸"), "message": _("A customer upgraded to the Pro plan.")},
    _("A reminder for the team"): {"title": _("Standup in 5 minutes"), "message": _("Today in the blue room.")},
}
"""By what they are for: bodies of `POST /api/push-notification`."""
