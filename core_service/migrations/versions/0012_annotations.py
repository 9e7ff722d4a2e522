"""Notifications and Live Activities have tags and metadata, and devices say which content states they decode"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table in ("notifications", "live_activities"):
        op.add_column(table, sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=True))
        op.add_column(table, sa.Column("metadata", sa.Text(), nullable=True))
    op.add_column("devices", sa.Column("content_version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("live_activities", sa.Column("secondary_action", sa.String(), nullable=True))
