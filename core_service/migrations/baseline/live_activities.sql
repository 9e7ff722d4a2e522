-- Live Activities: what should be seen, and what each phone has.

-- Rows that are updated all the time: leave room beside them for their next versions, and vacuum early.
CREATE TABLE live_activities (
    id varchar PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    stream_id uuid,
    replaces varchar,
    channel_ids uuid[],
    channel_slugs text[],
    version bigint NOT NULL,
    content_state varchar NOT NULL,
    action varchar,
    alert varchar,
    alert_version bigint NOT NULL,
    alert_at timestamptz,
    urgent_version bigint NOT NULL,
    dismiss_after_seconds integer,
    updates integer NOT NULL,
    quiet_start boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    heard_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    dismiss_at timestamptz,
    due_at timestamptz,
    stream_key varchar,
    started_by uuid
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE INDEX live_activities_active_idx ON live_activities (account_id) WHERE ended_at IS NULL;
CREATE INDEX live_activities_dismiss_at_idx ON live_activities (account_id, dismiss_at);
CREATE INDEX live_activities_due_at_idx ON live_activities (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX live_activities_ended_idx ON live_activities (account_id, ended_at, id) WHERE ended_at IS NOT NULL;
CREATE INDEX live_activities_stream_id_idx ON live_activities (stream_id) WHERE stream_id IS NOT NULL;
CREATE INDEX live_activities_stream_key_idx ON live_activities (account_id, stream_key) WHERE stream_key IS NOT NULL;

-- As live_activities.
CREATE TABLE live_activity_devices (
    activity_id varchar NOT NULL REFERENCES live_activities ON DELETE CASCADE,
    device_id uuid NOT NULL REFERENCES devices ON DELETE CASCADE,
    user_id uuid NOT NULL,
    phase varchar NOT NULL,
    update_token varchar,
    update_token_registered_at timestamptz,
    maybe_shown boolean NOT NULL,
    accepted_version bigint NOT NULL,
    sent_version bigint NOT NULL,
    sent_event varchar,
    "timestamp" bigint NOT NULL,
    apns_id uuid NOT NULL,
    attempt bigint NOT NULL,
    failures integer NOT NULL,
    leased boolean NOT NULL,
    next_at timestamptz,
    paced_until timestamptz,
    successor varchar,
    end_after timestamptz,
    started_at timestamptz,
    reason varchar,
    account_id uuid NOT NULL,
    PRIMARY KEY (activity_id, device_id),
    CONSTRAINT live_activity_devices_phase_check CHECK (
        phase IN ('requested', 'started', 'live', 'ended', 'dismissed', 'failed')
    )
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
CREATE INDEX live_activity_devices_device_id_idx ON live_activity_devices (device_id);
CREATE INDEX live_activity_devices_next_idx ON live_activity_devices (account_id, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE live_activity_actions (
    id uuid PRIMARY KEY,
    activity_id varchar NOT NULL REFERENCES live_activities ON DELETE CASCADE,
    title varchar NOT NULL,
    type varchar NOT NULL,
    url varchar NOT NULL,
    method varchar,
    body varchar,
    CONSTRAINT live_activity_actions_method_check CHECK (method IN ('GET', 'POST')),
    CONSTRAINT live_activity_actions_type_check CHECK (type IN ('open_url', 'webhook'))
);
CREATE INDEX live_activity_actions_activity_id_idx ON live_activity_actions (activity_id);

CREATE TABLE live_activity_streams (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    stream_key varchar NOT NULL,
    activity_id varchar,
    paused_at timestamptz,
    held varchar,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX live_activity_streams_key_idx ON live_activity_streams (account_id, stream_key);

CREATE TABLE live_activity_push_budgets (
    device_id uuid PRIMARY KEY,
    sent_at bigint[] NOT NULL
);

-- Its rows are overwritten in turn; with room on their pages that touches no index.
CREATE TABLE live_activity_versions (
    activity_id varchar NOT NULL,
    slot smallint NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    event varchar NOT NULL,
    content_state varchar NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (activity_id, slot),
    CONSTRAINT live_activity_versions_event_check CHECK (event IN ('start', 'update', 'end'))
) WITH (fillfactor = 70);
