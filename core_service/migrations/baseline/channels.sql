-- Phones, channels and API keys: who is reached, and who may reach them.

CREATE TABLE devices (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    name varchar NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    environment varchar,
    bundle_id varchar,
    os_version varchar,
    frequent_pushes_enabled boolean,
    push_token varchar,
    push_token_registered_at timestamptz,
    push_token_dead_reason varchar,
    push_to_start_token varchar,
    push_to_start_token_registered_at timestamptz,
    created_at timestamptz NOT NULL,
    push_to_start_token_dead_reason varchar,
    last_seen_at timestamptz,
    CONSTRAINT devices_environment_check CHECK (environment IN ('production', 'sandbox'))
);
CREATE INDEX devices_account_id_idx ON devices (account_id, id);
CREATE INDEX devices_live_activities_idx ON devices (account_id) WHERE push_to_start_token IS NOT NULL;
CREATE UNIQUE INDEX devices_push_token_key ON devices (account_id, push_token) WHERE push_token IS NOT NULL;
CREATE INDEX devices_reachable_idx ON devices (account_id)
    WHERE push_token IS NOT NULL AND push_token_dead_reason IS NULL;
CREATE INDEX devices_user_id_idx ON devices (user_id);

CREATE TABLE pairing_codes (
    code_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX pairing_codes_expires_at_idx ON pairing_codes (expires_at);
CREATE INDEX pairing_codes_user_id_idx ON pairing_codes (user_id);

CREATE TABLE channels (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    slug varchar NOT NULL,
    name varchar NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (account_id, slug)
);

CREATE TABLE channel_users (
    channel_id uuid NOT NULL REFERENCES channels ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    PRIMARY KEY (channel_id, user_id)
);
CREATE INDEX channel_users_user_id_idx ON channel_users (user_id);

CREATE TABLE channel_devices (
    channel_id uuid NOT NULL REFERENCES channels ON DELETE CASCADE,
    device_id uuid NOT NULL REFERENCES devices ON DELETE CASCADE,
    PRIMARY KEY (channel_id, device_id)
);
CREATE INDEX channel_devices_device_id_idx ON channel_devices (device_id);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    name varchar NOT NULL,
    scope varchar NOT NULL,
    secret_hash bytea NOT NULL UNIQUE,
    hint varchar NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_by uuid REFERENCES users ON DELETE SET NULL,
    CONSTRAINT api_keys_scope_check CHECK (scope IN ('all', 'channels'))
);
CREATE INDEX api_keys_account_id_idx ON api_keys (account_id, id);

CREATE TABLE api_key_channels (
    api_key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    channel_id uuid NOT NULL REFERENCES channels ON DELETE CASCADE,
    PRIMARY KEY (api_key_id, channel_id)
);
CREATE INDEX api_key_channels_channel_id_idx ON api_key_channels (channel_id);
