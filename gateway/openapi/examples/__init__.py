"""Example requests and answers, by RPC and by name."""

from typing import Any

from gateway.openapi.examples import live_activities, management, phones, push_notifications

Examples = dict[str, dict[str, Any]]

REQUESTS: Examples = push_notifications.REQUESTS | live_activities.REQUESTS | management.REQUESTS | phones.REQUESTS
"""Bodies, without the fields of the path. The first of an operation is the simplest."""
RESPONSES: Examples = push_notifications.RESPONSES | live_activities.RESPONSES | management.RESPONSES | phones.RESPONSES
