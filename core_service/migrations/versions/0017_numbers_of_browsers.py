"""A number for the icon may be that of a browser, which is never sent it: its page reads it"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.drop_constraint("badges_state_check", "badges")
    op.create_check_constraint(
        "badges_state_check", "badges", "state IN ('due', 'accepted', 'token_dead', 'rejected', 'kept')"
    )
