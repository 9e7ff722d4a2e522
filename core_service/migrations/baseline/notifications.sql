-- Notifications and what is owed of them.

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    api_key_id uuid,
    title varchar NOT NULL,
    payload bytea NOT NULL,
    channel_slugs text[],
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_id uuid,
    replay_of uuid,
    message varchar,
    device_id uuid
);
CREATE INDEX notifications_account_id_idx ON notifications (account_id, id);

CREATE TABLE notification_actions (
    id uuid PRIMARY KEY,
    notification_id uuid NOT NULL REFERENCES notifications ON DELETE CASCADE,
    "position" integer NOT NULL,
    title varchar NOT NULL,
    type varchar NOT NULL,
    url varchar NOT NULL,
    method varchar,
    body varchar,
    CONSTRAINT notification_actions_method_check CHECK (method IN ('GET', 'POST')),
    CONSTRAINT notification_actions_type_check CHECK (type IN ('open_url', 'webhook'))
);
CREATE INDEX notification_actions_notification_id_idx ON notification_actions (notification_id, "position");

-- Every delivery is inserted once and updated at least once: vacuum early, so that claiming work never wades through
-- dead index entries.
CREATE TABLE deliveries (
    notification_id uuid NOT NULL,
    device_id uuid NOT NULL,
    user_id uuid NOT NULL,
    apns_id uuid NOT NULL,
    state varchar NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    reason varchar,
    settled_at timestamptz,
    account_id uuid NOT NULL,
    PRIMARY KEY (notification_id, device_id),
    CONSTRAINT deliveries_state_check CHECK (state IN ('due', 'accepted', 'token_dead', 'rejected', 'expired'))
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 100000
);
CREATE INDEX deliveries_due_idx ON deliveries (account_id, due_at) WHERE state = 'due';
CREATE INDEX deliveries_failed_idx ON deliveries (account_id, notification_id)
    WHERE state IN ('token_dead', 'rejected', 'expired');
