"""What a backup says about itself."""

import datetime as dt
import importlib.metadata

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = 1
DISTRIBUTION = "activitysmith-server"


class Manifest(BaseModel):
    """Written first into every backup, as JSON. Later formats may add to it."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(ge=1)
    """Of the file: which members it has and what they mean."""
    version: str = Field(max_length=100)
    """Of the program that wrote it."""
    schema_revision: str = Field(max_length=100)
    """Of the database."""
    postgresql: str = Field(max_length=100)
    """The version of PostgreSQL that it was written from."""
    created_at: AwareDatetime
    """The moment that the backup shows."""

    def in_words(self) -> str:
        """Part of a line."""
        moment = self.created_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"as of {moment}, schema {self.schema_revision}, by version {self.version}"


def program_version() -> str:
    """The version of this program."""
    return importlib.metadata.version(DISTRIBUTION)
