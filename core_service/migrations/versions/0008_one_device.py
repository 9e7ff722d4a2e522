"""Notifications that are for one device"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("notifications", sa.Column("device_id", sa.Uuid(), nullable=True))
