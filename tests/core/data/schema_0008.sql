-- What pg_dump said of a database that steps 0001 to 0008 had made, before they became one; lists of
-- choices as the steps had them (`IN`), for PostgreSQL does not write them alike a second time.
CREATE TABLE public.accounts (
    id uuid NOT NULL,
    name character varying NOT NULL,
    rate_limit_per_minute integer,
    created_at timestamp with time zone NOT NULL,
    max_live_activities integer
);
CREATE TABLE public.action_runs (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    action_id uuid NOT NULL,
    device_id uuid NOT NULL,
    repeatable boolean NOT NULL,
    url character varying NOT NULL,
    method character varying NOT NULL,
    body character varying,
    state character varying NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    status_code integer,
    response_body character varying NOT NULL,
    reason character varying NOT NULL,
    message character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT action_runs_method_check CHECK ((method IN ('GET', 'POST'))),
    CONSTRAINT action_runs_state_check CHECK ((state IN ('running', 'succeeded', 'failed')))
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_key_channels (
    api_key_id uuid NOT NULL,
    channel_id uuid NOT NULL
);
CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    name character varying NOT NULL,
    scope character varying NOT NULL,
    secret_hash bytea NOT NULL,
    hint character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_by uuid,
    CONSTRAINT api_keys_scope_check CHECK ((scope IN ('all', 'channels')))
);
CREATE TABLE public.audit_entries (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    actor character varying NOT NULL,
    actor_id uuid,
    actor_name character varying NOT NULL,
    method character varying NOT NULL,
    request character varying NOT NULL,
    subject_id uuid,
    client_address character varying,
    request_id character varying NOT NULL,
    CONSTRAINT audit_entries_actor_check CHECK ((actor IN ('anonymous', 'api_key', 'user', 'device')))
);
CREATE TABLE public.channel_devices (
    channel_id uuid NOT NULL,
    device_id uuid NOT NULL
);
CREATE TABLE public.channel_users (
    channel_id uuid NOT NULL,
    user_id uuid NOT NULL
);
CREATE TABLE public.channels (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    slug character varying NOT NULL,
    name character varying NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.deliveries (
    notification_id uuid NOT NULL,
    device_id uuid NOT NULL,
    user_id uuid NOT NULL,
    apns_id uuid NOT NULL,
    state character varying NOT NULL,
    due_at timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    reason character varying,
    settled_at timestamp with time zone,
    account_id uuid NOT NULL,
    CONSTRAINT deliveries_state_check CHECK ((state IN ('due', 'accepted', 'token_dead', 'rejected', 'expired')))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='20000', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='100000');
CREATE TABLE public.delivery_attempts (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    device_id uuid NOT NULL,
    subject character varying NOT NULL,
    event character varying NOT NULL,
    priority smallint NOT NULL,
    apns_id uuid NOT NULL,
    outcome character varying NOT NULL,
    status_code smallint,
    reason character varying,
    latency_ms integer NOT NULL,
    version bigint
)
WITH (autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='200000');
CREATE TABLE public.devices (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name character varying NOT NULL,
    secret_hash bytea NOT NULL,
    environment character varying,
    bundle_id character varying,
    os_version character varying,
    frequent_pushes_enabled boolean,
    push_token character varying,
    push_token_registered_at timestamp with time zone,
    push_token_dead_reason character varying,
    push_to_start_token character varying,
    push_to_start_token_registered_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    push_to_start_token_dead_reason character varying,
    last_seen_at timestamp with time zone,
    CONSTRAINT devices_environment_check CHECK ((environment IN ('production', 'sandbox')))
);
CREATE TABLE public.hourly_counts (
    account_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    counted character varying NOT NULL,
    latency_class smallint NOT NULL,
    count bigint NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.idempotent_requests (
    principal_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    resource_id uuid NOT NULL,
    locked_until timestamp with time zone NOT NULL,
    answer bytea,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.invite_tokens (
    token_hash bytea NOT NULL,
    invite_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.invites (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    email character varying NOT NULL,
    role character varying NOT NULL,
    invited_by uuid,
    request_id uuid NOT NULL,
    invited_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    mail_id uuid NOT NULL,
    mail_state character varying NOT NULL,
    mail_queued_at timestamp with time zone NOT NULL,
    mail_due_at timestamp with time zone NOT NULL,
    mail_attempts integer NOT NULL,
    mail_sent_at timestamp with time zone,
    mail_reason character varying NOT NULL,
    mail_message character varying NOT NULL,
    CONSTRAINT invites_mail_state_check CHECK ((mail_state IN ('queued', 'sent', 'failed', 'not_configured'))),
    CONSTRAINT invites_role_check CHECK ((role IN ('owner', 'member')))
);
CREATE TABLE public.live_activities (
    id character varying NOT NULL,
    account_id uuid NOT NULL,
    stream_id uuid,
    replaces character varying,
    channel_ids uuid[],
    channel_slugs text[],
    version bigint NOT NULL,
    content_state character varying NOT NULL,
    action character varying,
    alert character varying,
    alert_version bigint NOT NULL,
    alert_at timestamp with time zone,
    urgent_version bigint NOT NULL,
    dismiss_after_seconds integer,
    updates integer NOT NULL,
    quiet_start boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    heard_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    dismiss_at timestamp with time zone,
    due_at timestamp with time zone,
    stream_key character varying,
    started_by uuid
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='20000');
CREATE TABLE public.live_activity_actions (
    id uuid NOT NULL,
    activity_id character varying NOT NULL,
    title character varying NOT NULL,
    type character varying NOT NULL,
    url character varying NOT NULL,
    method character varying,
    body character varying,
    CONSTRAINT live_activity_actions_method_check CHECK ((method IN ('GET', 'POST'))),
    CONSTRAINT live_activity_actions_type_check CHECK ((type IN ('open_url', 'webhook')))
);
CREATE TABLE public.live_activity_devices (
    activity_id character varying NOT NULL,
    device_id uuid NOT NULL,
    user_id uuid NOT NULL,
    phase character varying NOT NULL,
    update_token character varying,
    update_token_registered_at timestamp with time zone,
    maybe_shown boolean NOT NULL,
    accepted_version bigint NOT NULL,
    sent_version bigint NOT NULL,
    sent_event character varying,
    "timestamp" bigint NOT NULL,
    apns_id uuid NOT NULL,
    attempt bigint NOT NULL,
    failures integer NOT NULL,
    leased boolean NOT NULL,
    next_at timestamp with time zone,
    paced_until timestamp with time zone,
    successor character varying,
    end_after timestamp with time zone,
    started_at timestamp with time zone,
    reason character varying,
    account_id uuid NOT NULL,
    CONSTRAINT live_activity_devices_phase_check CHECK ((phase IN ('requested', 'started', 'live', 'ended', 'dismissed', 'failed')))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='20000');
CREATE TABLE public.live_activity_push_budgets (
    device_id uuid NOT NULL,
    sent_at bigint[] NOT NULL
);
CREATE TABLE public.live_activity_streams (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    stream_key character varying NOT NULL,
    activity_id character varying,
    paused_at timestamp with time zone,
    held character varying,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.live_activity_versions (
    activity_id character varying NOT NULL,
    slot smallint NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    event character varying NOT NULL,
    content_state character varying NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT live_activity_versions_event_check CHECK ((event IN ('start', 'update', 'end')))
)
WITH (fillfactor='70');
CREATE TABLE public.members (
    account_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT members_role_check CHECK ((role IN ('owner', 'member')))
);
CREATE TABLE public.notification_actions (
    id uuid NOT NULL,
    notification_id uuid NOT NULL,
    "position" integer NOT NULL,
    title character varying NOT NULL,
    type character varying NOT NULL,
    url character varying NOT NULL,
    method character varying,
    body character varying,
    CONSTRAINT notification_actions_method_check CHECK ((method IN ('GET', 'POST'))),
    CONSTRAINT notification_actions_type_check CHECK ((type IN ('open_url', 'webhook')))
);
CREATE TABLE public.notifications (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    api_key_id uuid,
    title character varying NOT NULL,
    payload bytea NOT NULL,
    channel_slugs text[],
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    user_id uuid,
    replay_of uuid,
    message character varying,
    device_id uuid
);
CREATE TABLE public.pairing_codes (
    code_hash bytea NOT NULL,
    account_id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE public.sessions (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    user_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    client_address character varying
);
CREATE TABLE public.users (
    id uuid NOT NULL,
    email character varying NOT NULL,
    name character varying NOT NULL,
    password_hash character varying NOT NULL,
    created_at timestamp with time zone NOT NULL
);
CREATE TABLE public.webhook_secrets (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone
);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.action_runs
    ADD CONSTRAINT action_runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.api_key_channels
    ADD CONSTRAINT api_key_channels_pkey PRIMARY KEY (api_key_id, channel_id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_secret_hash_key UNIQUE (secret_hash);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.channel_devices
    ADD CONSTRAINT channel_devices_pkey PRIMARY KEY (channel_id, device_id);
ALTER TABLE ONLY public.channel_users
    ADD CONSTRAINT channel_users_pkey PRIMARY KEY (channel_id, user_id);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_account_id_slug_key UNIQUE (account_id, slug);
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (notification_id, device_id);
ALTER TABLE ONLY public.delivery_attempts
    ADD CONSTRAINT delivery_attempts_pkey PRIMARY KEY (account_id, id);
ALTER TABLE ONLY public.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.devices
    ADD CONSTRAINT devices_secret_hash_key UNIQUE (secret_hash);
ALTER TABLE ONLY public.hourly_counts
    ADD CONSTRAINT hourly_counts_pkey PRIMARY KEY (account_id, hour, counted, latency_class);
ALTER TABLE ONLY public.idempotent_requests
    ADD CONSTRAINT idempotent_requests_pkey PRIMARY KEY (principal_id, key_hash);
ALTER TABLE ONLY public.invite_tokens
    ADD CONSTRAINT invite_tokens_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_account_id_email_key UNIQUE (account_id, email);
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.live_activities
    ADD CONSTRAINT live_activities_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.live_activity_actions
    ADD CONSTRAINT live_activity_actions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.live_activity_devices
    ADD CONSTRAINT live_activity_devices_pkey PRIMARY KEY (activity_id, device_id);
ALTER TABLE ONLY public.live_activity_push_budgets
    ADD CONSTRAINT live_activity_push_budgets_pkey PRIMARY KEY (device_id);
ALTER TABLE ONLY public.live_activity_streams
    ADD CONSTRAINT live_activity_streams_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.live_activity_versions
    ADD CONSTRAINT live_activity_versions_pkey PRIMARY KEY (activity_id, slot);
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_pkey PRIMARY KEY (account_id, user_id);
ALTER TABLE ONLY public.notification_actions
    ADD CONSTRAINT notification_actions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.pairing_codes
    ADD CONSTRAINT pairing_codes_pkey PRIMARY KEY (code_hash);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_secret_hash_key UNIQUE (secret_hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_secrets
    ADD CONSTRAINT webhook_secrets_pkey PRIMARY KEY (id);
CREATE INDEX action_runs_account_id_idx ON public.action_runs USING btree (account_id, id);
CREATE INDEX action_runs_action_id_idx ON public.action_runs USING btree (action_id, device_id, id);
CREATE INDEX action_runs_due_at_idx ON public.action_runs USING btree (due_at) WHERE ((state)::text = 'running'::text);
CREATE UNIQUE INDEX action_runs_once_key ON public.action_runs USING btree (action_id, device_id) WHERE (((state)::text = 'running'::text) OR (((state)::text = 'succeeded'::text) AND (NOT repeatable)));
CREATE INDEX api_key_channels_channel_id_idx ON public.api_key_channels USING btree (channel_id);
CREATE INDEX api_keys_account_id_idx ON public.api_keys USING btree (account_id, id);
CREATE INDEX audit_entries_account_id_idx ON public.audit_entries USING btree (account_id, id);
CREATE INDEX audit_entries_actor_id_idx ON public.audit_entries USING btree (account_id, actor_id, id);
CREATE INDEX audit_entries_method_idx ON public.audit_entries USING btree (account_id, method, id);
CREATE INDEX channel_devices_device_id_idx ON public.channel_devices USING btree (device_id);
CREATE INDEX channel_users_user_id_idx ON public.channel_users USING btree (user_id);
CREATE INDEX deliveries_due_idx ON public.deliveries USING btree (account_id, due_at) WHERE ((state)::text = 'due'::text);
CREATE INDEX deliveries_failed_idx ON public.deliveries USING btree (account_id, notification_id) WHERE (state IN ('token_dead', 'rejected', 'expired'));
CREATE INDEX delivery_attempts_device_id_idx ON public.delivery_attempts USING btree (device_id, id);
CREATE INDEX delivery_attempts_subject_idx ON public.delivery_attempts USING btree (subject, id);
CREATE INDEX devices_account_id_idx ON public.devices USING btree (account_id, id);
CREATE INDEX devices_live_activities_idx ON public.devices USING btree (account_id) WHERE (push_to_start_token IS NOT NULL);
CREATE UNIQUE INDEX devices_push_token_key ON public.devices USING btree (account_id, push_token) WHERE (push_token IS NOT NULL);
CREATE INDEX devices_reachable_idx ON public.devices USING btree (account_id) WHERE ((push_token IS NOT NULL) AND (push_token_dead_reason IS NULL));
CREATE INDEX devices_user_id_idx ON public.devices USING btree (user_id);
CREATE INDEX idempotent_requests_created_at_idx ON public.idempotent_requests USING btree (created_at);
CREATE INDEX invite_tokens_expires_at_idx ON public.invite_tokens USING btree (expires_at);
CREATE INDEX invite_tokens_invite_id_idx ON public.invite_tokens USING btree (invite_id, created_at);
CREATE INDEX invites_account_id_idx ON public.invites USING btree (account_id, id);
CREATE INDEX invites_expires_at_idx ON public.invites USING btree (expires_at);
CREATE INDEX invites_mail_due_at_idx ON public.invites USING btree (mail_due_at) WHERE ((mail_state)::text = 'queued'::text);
CREATE INDEX ix_sessions_user_id ON public.sessions USING btree (user_id);
CREATE INDEX live_activities_active_idx ON public.live_activities USING btree (account_id) WHERE (ended_at IS NULL);
CREATE INDEX live_activities_dismiss_at_idx ON public.live_activities USING btree (account_id, dismiss_at);
CREATE INDEX live_activities_due_at_idx ON public.live_activities USING btree (due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX live_activities_ended_idx ON public.live_activities USING btree (account_id, ended_at, id) WHERE (ended_at IS NOT NULL);
CREATE INDEX live_activities_stream_id_idx ON public.live_activities USING btree (stream_id) WHERE (stream_id IS NOT NULL);
CREATE INDEX live_activities_stream_key_idx ON public.live_activities USING btree (account_id, stream_key) WHERE (stream_key IS NOT NULL);
CREATE INDEX live_activity_actions_activity_id_idx ON public.live_activity_actions USING btree (activity_id);
CREATE INDEX live_activity_devices_device_id_idx ON public.live_activity_devices USING btree (device_id);
CREATE INDEX live_activity_devices_next_idx ON public.live_activity_devices USING btree (account_id, next_at) WHERE (next_at IS NOT NULL);
CREATE UNIQUE INDEX live_activity_streams_key_idx ON public.live_activity_streams USING btree (account_id, stream_key);
CREATE INDEX members_user_id_idx ON public.members USING btree (user_id);
CREATE INDEX notification_actions_notification_id_idx ON public.notification_actions USING btree (notification_id, "position");
CREATE INDEX notifications_account_id_idx ON public.notifications USING btree (account_id, id);
CREATE INDEX pairing_codes_expires_at_idx ON public.pairing_codes USING btree (expires_at);
CREATE INDEX pairing_codes_user_id_idx ON public.pairing_codes USING btree (user_id);
CREATE INDEX sessions_expires_at_idx ON public.sessions USING btree (expires_at);
CREATE INDEX webhook_secrets_account_id_idx ON public.webhook_secrets USING btree (account_id, id);
CREATE UNIQUE INDEX webhook_secrets_present_key ON public.webhook_secrets USING btree (account_id) WHERE (expires_at IS NULL);
ALTER TABLE ONLY public.action_runs
    ADD CONSTRAINT action_runs_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_key_channels
    ADD CONSTRAINT api_key_channels_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES public.api_keys(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_key_channels
    ADD CONSTRAINT api_key_channels_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_devices
    ADD CONSTRAINT channel_devices_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_devices
    ADD CONSTRAINT channel_devices_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.devices(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_users
    ADD CONSTRAINT channel_users_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.channels(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channel_users
    ADD CONSTRAINT channel_users_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.channels
    ADD CONSTRAINT channels_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.devices
    ADD CONSTRAINT devices_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.devices
    ADD CONSTRAINT devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.hourly_counts
    ADD CONSTRAINT hourly_counts_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invite_tokens
    ADD CONSTRAINT invite_tokens_invite_id_fkey FOREIGN KEY (invite_id) REFERENCES public.invites(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.live_activities
    ADD CONSTRAINT live_activities_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_activity_actions
    ADD CONSTRAINT live_activity_actions_activity_id_fkey FOREIGN KEY (activity_id) REFERENCES public.live_activities(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_activity_devices
    ADD CONSTRAINT live_activity_devices_activity_id_fkey FOREIGN KEY (activity_id) REFERENCES public.live_activities(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_activity_devices
    ADD CONSTRAINT live_activity_devices_device_id_fkey FOREIGN KEY (device_id) REFERENCES public.devices(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.live_activity_streams
    ADD CONSTRAINT live_activity_streams_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.members
    ADD CONSTRAINT members_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notification_actions
    ADD CONSTRAINT notification_actions_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES public.notifications(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.pairing_codes
    ADD CONSTRAINT pairing_codes_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.pairing_codes
    ADD CONSTRAINT pairing_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_secrets
    ADD CONSTRAINT webhook_secrets_account_id_fkey FOREIGN KEY (account_id) REFERENCES public.accounts(id) ON DELETE CASCADE;
INSERT INTO public.alembic_version VALUES ('0008');
