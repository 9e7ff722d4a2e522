"""A device may be a browser: the push service that it subscribed to stands in the place of Apple's environment"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.drop_constraint("devices_environment_check", "devices")
    op.create_check_constraint(
        "devices_environment_check",
        "devices",
        "environment IN ('production', 'sandbox', 'web_apple', 'web_google', 'web_mozilla', 'web_microsoft',"
        " 'web_other')",
    )
