"""The manifest of a backup: its format and its origin."""

import datetime as dt
import importlib.metadata

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = 1
DISTRIBUTION = "activitysmith-server"


class Manifest(BaseModel):
    """Written first into every backup, as JSON. Later formats may add to it."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(ge=1)
    """Format of the file: its members and their meaning."""
    version: str = Field(max_length=100)
    """Version of the program that wrote it."""
    schema_revision: str = Field(max_length=100)
    """Schema of the database."""
    postgresql: str = Field(max_length=100)
    """Version of the PostgreSQL server."""
    created_at: AwareDatetime
    """The moment of the snapshot."""

    def in_words(self) -> str:
        """The manifest as part of a line for people."""
        moment = self.created_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"as of {moment}, schema {self.schema_revision}, by version {self.version}"


def program_version() -> str:
    """The version of this program."""
    return importlib.metadata.version(DISTRIBUTION)
