"""Table of saved messages."""

import datetime as dt
import uuid

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class SavedMessage(SQLModel, table=True):
    """A push notification that is kept under a name."""

    __tablename__ = "saved_messages"
    __table_args__ = (UniqueConstraint("account_id", "name", name="saved_messages_account_id_name_key"),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    name: str
    notification: str
    """A JSON object, as the person wrote it: PostgreSQL's own type would change its numbers."""
    updated_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
