-- Accounts, the people in them, and what they sign in with.

CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    name varchar NOT NULL,
    rate_limit_per_minute integer,
    created_at timestamptz NOT NULL,
    max_live_activities integer
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email varchar NOT NULL UNIQUE,
    name varchar NOT NULL,
    password_hash varchar NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE members (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role varchar NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, user_id),
    CONSTRAINT members_role_check CHECK (role IN ('owner', 'member'))
);
CREATE INDEX members_user_id_idx ON members (user_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    secret_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    client_address varchar
);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE invites (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    email varchar NOT NULL,
    role varchar NOT NULL,
    invited_by uuid REFERENCES users ON DELETE SET NULL,
    request_id uuid NOT NULL,
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    mail_id uuid NOT NULL,
    mail_state varchar NOT NULL,
    mail_queued_at timestamptz NOT NULL,
    mail_due_at timestamptz NOT NULL,
    mail_attempts integer NOT NULL,
    mail_sent_at timestamptz,
    mail_reason varchar NOT NULL,
    mail_message varchar NOT NULL,
    UNIQUE (account_id, email),
    CONSTRAINT invites_mail_state_check CHECK (mail_state IN ('queued', 'sent', 'failed', 'not_configured')),
    CONSTRAINT invites_role_check CHECK (role IN ('owner', 'member'))
);
CREATE INDEX invites_account_id_idx ON invites (account_id, id);
CREATE INDEX invites_expires_at_idx ON invites (expires_at);
CREATE INDEX invites_mail_due_at_idx ON invites (mail_due_at) WHERE mail_state = 'queued';

CREATE TABLE invite_tokens (
    token_hash bytea PRIMARY KEY,
    invite_id uuid NOT NULL REFERENCES invites ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX invite_tokens_expires_at_idx ON invite_tokens (expires_at);
CREATE INDEX invite_tokens_invite_id_idx ON invite_tokens (invite_id, created_at);
