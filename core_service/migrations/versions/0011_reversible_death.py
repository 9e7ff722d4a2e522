"""A token that was declared dead remembers under which server's configuration, if that may have been to blame"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for token in ("push_token", "push_to_start_token"):
        op.add_column("devices", sa.Column(f"{token}_died_under", sa.String(), nullable=True))
        op.create_index(
            f"devices_{token}_doubt_idx",
            "devices",
            ["id"],
            unique=False,
            postgresql_where=sa.text(f"{token}_dead_reason IS NOT NULL AND {token}_died_under IS NOT NULL"),
        )
