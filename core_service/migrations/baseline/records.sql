-- What is kept of what was done.

-- Only ever inserted and, by age, deleted.
CREATE TABLE delivery_attempts (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    device_id uuid NOT NULL,
    subject varchar NOT NULL,
    event varchar NOT NULL,
    priority smallint NOT NULL,
    apns_id uuid NOT NULL,
    outcome varchar NOT NULL,
    status_code smallint,
    reason varchar,
    latency_ms integer NOT NULL,
    version bigint,
    PRIMARY KEY (account_id, id)
) WITH (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 200000);
CREATE INDEX delivery_attempts_device_id_idx ON delivery_attempts (device_id, id);
CREATE INDEX delivery_attempts_subject_idx ON delivery_attempts (subject, id);

CREATE TABLE audit_entries (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    occurred_at timestamptz NOT NULL,
    actor varchar NOT NULL,
    actor_id uuid,
    actor_name varchar NOT NULL,
    method varchar NOT NULL,
    request varchar NOT NULL,
    subject_id uuid,
    client_address varchar,
    request_id varchar NOT NULL,
    CONSTRAINT audit_entries_actor_check CHECK (actor IN ('anonymous', 'api_key', 'user', 'device'))
);
CREATE INDEX audit_entries_account_id_idx ON audit_entries (account_id, id);
CREATE INDEX audit_entries_actor_id_idx ON audit_entries (account_id, actor_id, id);
CREATE INDEX audit_entries_method_idx ON audit_entries (account_id, method, id);

-- The rows of this hour are updated every second: leave room beside them for their next versions.
CREATE TABLE hourly_counts (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    hour timestamptz NOT NULL,
    counted varchar NOT NULL,
    latency_class smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (account_id, hour, counted, latency_class)
) WITH (fillfactor = 50);

CREATE TABLE idempotent_requests (
    principal_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    resource_id uuid NOT NULL,
    locked_until timestamptz NOT NULL,
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (principal_id, key_hash)
);
CREATE INDEX idempotent_requests_created_at_idx ON idempotent_requests (created_at);
