"""Parts of SQL that statements about Live Activities share."""

STARTABLE = (
    "push_to_start_token IS NOT NULL"
    " AND (push_to_start_token_dead_reason IS NULL OR push_token_dead_reason IS NULL AND push_token IS NOT NULL)"
)
"""The SQL condition for a device that can show Live Activities. A dead push-to-start token does not exclude it while
its push token works: the app is there and will report another. The partial index of devices fits it."""

PACED = """GREATEST(
        %(now)s, CASE WHEN p.paced_until <= %(now)s + interval '1 second' THEN p.paced_until END
    )"""
"""The SQL value of when an update may be sent to a token that was just reported. A time further away than the interval
of a phone's updates was written before a clock was set back, or for a browser's subscription before this one, and is
ignored."""

OPEN = "phase IN ('requested', 'started', 'live')"
"""The SQL condition under which a device may still be owed something."""
