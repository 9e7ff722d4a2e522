"""Requests and answers that show what is meant, by RPC, by name."""

from typing import Any

from gateway.openapi.examples import live_activities, management, phones, push_notifications

Examples = dict[str, dict[str, Any]]

REQUESTS: Examples = push_notifications.REQUESTS | live_activities.REQUESTS | management.REQUESTS | phones.REQUESTS
"""Bodies, without what the path says. The first of an operation is the plainest."""
RESPONSES: Examples = push_notifications.RESPONSES | live_activities.RESPONSES | management.RESPONSES | phones.RESPONSES
