"""The SQL of sending."""


def _is_wronged(token: str) -> str:
    """Whether the token of the device `v` was declared dead by what may have been the server's fault: under another
    configuration than the present one, or under any if that is not asked for."""
    return (
        f"(v.{token}_dead_reason IS NOT NULL AND v.{token}_died_under IS NOT NULL"
        f" AND v.{token}_died_under IS DISTINCT FROM %(configuration)s::text)"
    )


PUSH, START = _is_wronged("push_token"), _is_wronged("push_to_start_token")

REVIVE = f"""
WITH wronged AS MATERIALIZED (
    SELECT v.id, v.account_id, v.push_token_dead_reason AS reason, {PUSH} AS push, {START} AS start,
           CASE WHEN v.push_to_start_token = v.push_token THEN v.push_token END AS subscription
    FROM devices v
    WHERE ({PUSH} OR {START})
      AND (%(environment)s::text IS NULL OR v.account_id = %(account_id)s::uuid
           AND v.environment = %(environment)s::text AND v.bundle_id IS NOT DISTINCT FROM %(bundle_id)s::text)
    ORDER BY v.id
    LIMIT %(limit)s
    FOR UPDATE
), revived AS (
    UPDATE devices v
    SET push_token_dead_reason = CASE WHEN w.push THEN NULL ELSE v.push_token_dead_reason END,
        push_to_start_token_dead_reason = CASE WHEN w.start THEN NULL ELSE v.push_to_start_token_dead_reason END
    FROM wronged w
    WHERE v.id = w.id
), failed AS MATERIALIZED (
    -- What failed for that death, and is worth delivering still. Locked in the order in which settlements and
    -- replacements lock, so that none waits for the other in a circle.
    SELECT d.notification_id, d.device_id
    FROM wronged w, deliveries d, notifications n
    WHERE w.push AND d.account_id = w.account_id AND d.device_id = w.id AND d.state = 'token_dead'
      AND d.notification_id >= %(oldest)s AND COALESCE(d.reason, w.reason) = w.reason
      AND n.id = d.notification_id AND n.expires_at > now()
    ORDER BY d.notification_id, d.device_id
    FOR UPDATE OF d
), owed AS (
    UPDATE deliveries d
    SET state = 'due', due_at = now(), settled_at = NULL
    FROM failed f
    WHERE d.notification_id = f.notification_id AND d.device_id = f.device_id AND d.state = 'token_dead'
), unnumbered AS MATERIALIZED (
    -- In the order in which numbers are recorded.
    SELECT b.device_id
    FROM wronged w JOIN badges b ON b.device_id = w.id
    WHERE w.push AND b.state = 'token_dead'
    ORDER BY b.device_id
    FOR UPDATE OF b
), numbered AS (
    UPDATE badges b
    SET state = 'due', due_at = now(), settled_at = NULL
    FROM unnumbered u
    WHERE b.device_id = u.device_id
), started AS (
    UPDATE live_activity_devices p
    SET next_at = COALESCE(p.next_at, %(now)s)
    FROM wronged w
    WHERE w.start AND p.device_id = w.id AND p.phase = 'requested' AND NOT p.leased
), updated AS (
    -- What a browser shows lost its token with the subscription. A phone's update token has died for good.
    UPDATE live_activity_devices p
    SET phase = 'live', update_token = w.subscription, update_token_registered_at = %(now)s,
        next_at = COALESCE(p.next_at, %(now)s)
    FROM wronged w
    WHERE w.start AND w.subscription IS NOT NULL AND p.device_id = w.id AND p.phase = 'started'
      AND p.update_token IS NULL AND p.withdrawn_at IS NULL
)
SELECT account_id, id FROM wronged
"""
"""One statement, bounded. Its set of devices is found by a partial index of the few whose death is in doubt."""
