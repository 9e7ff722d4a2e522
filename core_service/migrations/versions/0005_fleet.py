"""When each device was last seen, and an audit log that can be filtered"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("devices", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("audit_entries_actor_id_idx", "audit_entries", ["account_id", "actor_id", "id"], unique=False)
    op.create_index("audit_entries_method_idx", "audit_entries", ["account_id", "method", "id"], unique=False)
