"""Alembic's entry: runs the steps on the connection that `upgrade` opened."""

from alembic import context
from sqlmodel import SQLModel

import core_service.api_keys.models
import core_service.audit.models
import core_service.auth.models
import core_service.badges.models
import core_service.channels.models
import core_service.delivery_log.models
import core_service.devices.models
import core_service.idempotency.models
import core_service.identity.models
import core_service.invites.models
import core_service.live_activities.models
import core_service.mail.models
import core_service.password_resets.models
import core_service.push.models
import core_service.request_log.models
import core_service.sending.models
import core_service.single_sign_on.models
import core_service.status.models
import core_service.webhooks.models  # noqa: F401 - the imports fill SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
