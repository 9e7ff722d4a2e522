"""Messages to begin with, for people who have not written one yet."""

from typing import Any

TEMPLATES: dict[str, dict[str, Any]] = {
    "A job is done": {"title": "Backup finished ✅", "message": "4.2 GB in 12 minutes. Nothing to do."},
    "A job has failed": {
        "title": "Deploy failed 🚨",
        "subtitle": "main",
        "message": "Step 3 of 5: the migrations timed out.",
        "interruption_level": "time-sensitive",
        "actions": [{"title": "Open the log", "type": "open_url", "url": "https://ci.example.com/runs/42"}],
    },
    "Something needs an answer": {
        "title": "Release v2.14?",
        "message": "All checks are green. It goes out when you approve.",
        "actions": [{"title": "Look at it", "type": "open_url", "url": "https://ci.example.com/releases/2.14"}],
    },
    "Good news": {"title": "New subscription 💸", "message": "A customer upgraded to the Pro plan."},
    "A reminder for the team": {"title": "Standup in 5 minutes", "message": "Today in the blue room."},
}
"""By what they are for: bodies of `POST /api/push-notification`."""
