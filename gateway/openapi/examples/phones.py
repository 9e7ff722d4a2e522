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
    "PutWebSubscription": {
        "at_each_opening": {
            "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABm",
            "expirationTime": None,
            "keys": {
                "p256dh": "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
                "auth": "BTBZMqHH6r4Tts7J_aSIgg",
            },
            "page_url": "https://smith.example.com/phone/",
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
