"""Managing the account."""

from typing import Any

NOTHING: dict[str, Any] = {"nothing_to_say": {}}

REQUESTS: dict[str, dict[str, Any]] = {
    "CreateSession": {"sign_in": {"email": "ada@example.com", "password": "correct horse battery"}},
    "CompleteSignIn": {
        "with_a_code": {"challenge": "sic_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", "code": "123456"},
        "with_a_recovery_code": {
            "challenge": "sic_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
            "code": "abcd-efgh-ijkl-mnop",
        },
    },
    "ChangePassword": {
        "change": {"current_password": "correct horse battery", "new_password": "staple gun parade"},
    },
    "SwitchAccount": {"switch": {"account_id": "01a2b3c4-d5e6-7f80-9a1b-2c3d4e5f6071"}},
    "UpdateProfile": {"rename": {"name": "Ada Lovelace"}},
    "UpdateAccount": {"limits": {"rate_limit_per_minute": 120, "max_live_activities": 10}},
    "UpdateMember": {
        "make_owner": {"role": "owner"},
        "make_member": {
            "role": "member",
            "api_key_ids": ["01a2b3c4-d5e6-7f80-9a1b-2c3d4e5f6071"],
            "rotate_webhook_secret": True,
        },
    },
    "CreateApiKey": {
        "for_everybody": {"name": "CI"},
        "for_channels": {"name": "Monitoring", "scope": "channels", "channels": ["ops"]},
    },
    "UpdateApiKey": {"rename": {"name": "CI of main"}},
    "CreateChannel": {"create": {"slug": "ops", "name": "Operations"}},
    "UpdateChannel": {"rename": {"name": "On call"}},
    "CreateMetric": {
        "number": {"key": "signups", "label": "Sign-ups today"},
        "money": {"key": "revenue.today", "label": "Revenue", "format": "currency", "currency_code": "EUR"},
        "unit": {"key": "p99", "label": "Latency", "format": "unit", "unit": "ms", "unit_spacing": "space"},
    },
    "UpdateMetric": {"redefine": {"label": "Sign-ups", "format": "number"}},
    "SaveMessage": {"save": {"name": "Standup", "notification": {"title": "Standup in 5 minutes"}}},
    "PutMetricValue": {"number": {"value": 42}, "text": {"value": "all good"}},
    "CreatePairingCode": {"for_me": {}, "for_somebody": {"user_id": "01a2b3c4-d5e6-7f80-9a1b-2c3d4e5f6071"}},
    "UpdateDevice": {"rename": {"name": "Ada's iPhone"}},
    "CreateInvites": {"invite": {"emails": ["grace@example.com"], "role": "member"}},
    "GetInvite": {"look": {"token": "inv_0123456789abcdefghijklmnopqrstuv"}},
    "AcceptInvite": {
        "accept": {
            "token": "inv_0123456789abcdefghijklmnopqrstuv",
            "name": "Grace Hopper",
            "password": "correct horse battery",
        }
    },
    "RequestPasswordReset": {"ask": {"email": "ada@example.com"}},
    "GetPasswordReset": {"look": {"token": "pwr_0123456789abcdefghijklmnopqrstuv"}},
    "ResetPassword": {
        "set": {"token": "pwr_0123456789abcdefghijklmnopqrstuv", "new_password": "staple gun parade"},
    },
    "SendPasswordReset": NOTHING,
    "CreatePasswordResetLink": NOTHING,
    "ResendInvite": NOTHING,
    "CreateInviteLink": NOTHING,
    "CheckApns": NOTHING,
    "SendTestMail": NOTHING,
    "RotateWebhookSecret": NOTHING,
    "DeleteAccount": {"delete": {"password": "correct horse battery", "account_name": "Acme"}},
    "DeleteProfile": {"delete": {"password": "correct horse battery"}},
}

RESPONSES: dict[str, dict[str, Any]] = {}
