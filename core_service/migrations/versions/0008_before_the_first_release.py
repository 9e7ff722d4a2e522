"""All that came before the first release, an area in each file of `baseline`: what steps 0001 to 0008 once led to"""

from importlib.resources import files

from alembic import op

revision = "0008"
down_revision = None

AREAS = ("people", "channels", "notifications", "live_activities", "webhooks", "records")
"""In this order: tables name those that they belong to."""


def upgrade() -> None:
    baseline = files("core_service.migrations") / "baseline"
    for area in AREAS:
        op.get_bind().exec_driver_sql((baseline / f"{area}.sql").read_text())
