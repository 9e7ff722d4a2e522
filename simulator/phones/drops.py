"""Reasons why a push that APNs accepted changed nothing on the phone. Real iPhones do not report them."""

from enum import StrEnum


class Drop(StrEnum):
    """The reasons, as they are counted in a phone's `dropped`."""

    NO_ALERT = "no_alert"
    """A start without an alert that has a title."""
    UNDECODABLE = "undecodable"
    """The app cannot decode the attributes or the content state, or iOS the rest of `aps`."""
    UNKNOWN_ATTRIBUTES_TYPE = "unknown_attributes_type"
    """The app does not have this `attributes-type`."""
    OS_TOO_OLD = "os_too_old"
    """Live Activities start by push on iOS 17.2 and later."""
    TOO_MANY = "too_many"
    """Five activities are active, by push or by the app."""
    START_BUDGET = "start_budget"
    """More starts within 60 minutes than `start_budget_per_hour`."""
    STALE_START_TOKEN = "stale_start_token"  # noqa: S105 - a reason, not a secret
    """A start to a push-to-start token that was replaced silently."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a reason, not a secret
    """An update or end to a push-to-start token, or a start to an update token."""
    OLD_TIMESTAMP = "old_timestamp"
    """`timestamp` is not later than that of the last push applied."""
    OVER = "over"
    """The activity has ended or is gone."""
    THROTTLED = "throttled"
    """More pushes of priority 10 within 60 minutes than the phone accepts."""
    NOT_STORED = "offline_not_stored"
    """The phone was offline, and `apns-expiration: 0` told APNs to try once."""
    REPLACED = "offline_replaced"
    """The phone was offline, and a later push replaced the one that APNs had stored for it."""
    EXPIRED = "expired"
    """Stored while the phone was offline, and expired before it came back."""
    NOTIFICATIONS_OFF = "notifications_off"
    """A notification although the person does not allow them."""
