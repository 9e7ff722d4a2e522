-- Calls that a tap owes, and what they are signed with.

CREATE TABLE action_runs (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    action_id uuid NOT NULL,
    device_id uuid NOT NULL,
    repeatable boolean NOT NULL,
    url varchar NOT NULL,
    method varchar NOT NULL,
    body varchar,
    state varchar NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    status_code integer,
    response_body varchar NOT NULL,
    reason varchar NOT NULL,
    message varchar NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT action_runs_method_check CHECK (method IN ('GET', 'POST')),
    CONSTRAINT action_runs_state_check CHECK (state IN ('running', 'succeeded', 'failed'))
);
CREATE INDEX action_runs_account_id_idx ON action_runs (account_id, id);
CREATE INDEX action_runs_action_id_idx ON action_runs (action_id, device_id, id);
CREATE INDEX action_runs_due_at_idx ON action_runs (due_at) WHERE state = 'running';
CREATE UNIQUE INDEX action_runs_once_key ON action_runs (action_id, device_id)
    WHERE state = 'running' OR (state = 'succeeded' AND NOT repeatable);

CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);
CREATE INDEX webhook_secrets_account_id_idx ON webhook_secrets (account_id, id);
CREATE UNIQUE INDEX webhook_secrets_present_key ON webhook_secrets (account_id) WHERE expires_at IS NULL;
