"""Calls of the app on a phone."""

from typing import Any

TOKEN = "8f3a" * 16

REQUESTS: dict[str, dict[str, Any]] = {
    "PairDevice": {"pair": {"pairing_code": "K7QF-2M9X", "name": "Ada's iPhone"}},
    "PutDeviceTokens": {
        "at_launch": {
            "push_token": TOKEN,
            "push_to_start_token": "91bc" * 16,
            "environment": "production",
            "bundle_id": "com.example.app",
            "os_version": "18.2",
            "frequent_pushes_enabled": True,
        }
    },
    "PutLiveActivityToken": {"report": {"token": TOKEN}},
    "ReportLiveActivityDismissed": {"dismissed": {}},
    "RunAction": {"tapped": {}},
}

RESPONSES: dict[str, dict[str, Any]] = {
    "PairDevice": {
        "paired": {
            "device_id": "01a2b3c4-d5e6-7f80-9a1b-2c3d4e5f6071",
            "device_token": "dev_0123456789abcdefghijklmnopqrstuv",
        }
    },
    "PutLiveActivityToken": {"stored": {}},
    "ReportLiveActivityDismissed": {"noted": {}},
}
