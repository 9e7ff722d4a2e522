"""The SQL that declares push tokens dead, as part of the statement that settles what was sent to them."""

DYING_TOKENS = """dying AS (
    -- Exactly the token that APNs refused, and not if the app reported it again after APNs gave it up. A device that
    -- somebody else is changing is not waited for: everybody's outcomes would wait with it.
    SELECT v.id, s.place, s.reason, s.configuration
    FROM s JOIN devices v ON v.id = s.device_id
    WHERE s.state = 'token_dead' AND v.push_token = s.token AND v.push_token_dead_reason IS NULL
      AND (s.dead_since IS NULL OR v.push_token_registered_at <= s.dead_since)
    FOR UPDATE OF v SKIP LOCKED
), dead AS (
    UPDATE devices v
    SET push_token_dead_reason = dying.reason, push_token_died_under = dying.configuration,
        -- A browser has one subscription in the place of both tokens.
        push_to_start_token_dead_reason = CASE
            WHEN v.push_to_start_token = v.push_token THEN dying.reason
            ELSE v.push_to_start_token_dead_reason
        END,
        push_to_start_token_died_under = CASE
            WHEN v.push_to_start_token = v.push_token THEN dying.configuration
            ELSE v.push_to_start_token_died_under
        END
    FROM dying
    WHERE v.id = dying.id
), successor AS (
    -- What was refused for a token that has been or is just being replaced is owed to its successor.
    SELECT s.place
    FROM s JOIN devices v ON v.id = s.device_id
    WHERE s.state = 'token_dead' AND v.push_token IS NOT NULL AND v.push_token_dead_reason IS NULL
      AND s.place NOT IN (SELECT place FROM dying)
)"""
"""CTEs after `s`, the outcomes: `place`, `device_id`, `state`, `reason`, `token`, `dead_since` and `configuration`.
`successor` has the places of those that are owed to another token."""
