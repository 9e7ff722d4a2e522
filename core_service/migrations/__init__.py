"""The database's schema, as steps that only ever go forward."""

import sqlalchemy
from alembic import command
from alembic.config import Config

LOCK = 0x534D495448  # "SMITH"


def upgrade(database_url: str) -> None:
    """Brings the database to the newest schema. Processes that start together take turns.

    Raises sqlalchemy.exc.OperationalError if the database cannot be reached.
    """
    engine = sqlalchemy.create_engine("postgresql+psycopg" + database_url[database_url.index("://") :])
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            connection.commit()
            try:
                config = Config()
                config.set_main_option("script_location", "core_service:migrations")
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            finally:
                connection.rollback()
                connection.execute(sqlalchemy.text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
                connection.commit()
    finally:
        engine.dispose()
