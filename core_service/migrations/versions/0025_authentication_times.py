"""When people proved who they are: for sessions, and for sign-ins that are meant to prove it again"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "single_sign_on_attempts", sa.Column("authenticated_after", sa.DateTime(timezone=True), nullable=True)
    )
