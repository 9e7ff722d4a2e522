"""What is written as an array comes back from PostgreSQL as it was."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_service.common.arrays import byte_strings, numbers, texts, timestamps, uuids
from tests.core.conftest import NewDatabase

WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC))  # noqa: DTZ001
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture(scope="module")
def connection(new_database: NewDatabase) -> Any:
    """A connection to an empty database, in UTC."""
    with psycopg.connect(new_database(empty=True), autocommit=True, options="-c timezone=UTC") as opened:
        yield opened


def read(connection: psycopg.Connection[Any], array: str, form: str) -> Sequence[Any]:
    """What PostgreSQL takes the text for."""
    [[values]] = connection.execute(f"SELECT %s::{form}[]", [array]).fetchall()
    return list(values)


@shared
@given(values=st.lists(st.none() | WORDS | st.sampled_from(["", "NULL", "null", '"', "\\", "{}", "a,b", " a "])))
def test_texts(connection: psycopg.Connection[Any], values: list[str | None]) -> None:
    assert read(connection, texts(values), "text") == values


@shared
@given(values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_numbers(connection: psycopg.Connection[Any], values: list[int | None]) -> None:
    assert read(connection, numbers(values), "bigint") == values


@shared
@given(values=st.lists(st.uuids() | st.just(uuid.UUID(int=0))))
def test_uuids(connection: psycopg.Connection[Any], values: list[uuid.UUID]) -> None:
    assert read(connection, uuids(values), "uuid") == values


@shared
@given(values=st.lists(st.binary()))
def test_byte_strings(connection: psycopg.Connection[Any], values: list[bytes]) -> None:
    assert read(connection, byte_strings(values), "bytea") == values


@shared
@given(values=st.lists(MOMENTS))
def test_timestamps(connection: psycopg.Connection[Any], values: list[dt.datetime]) -> None:
    assert read(connection, timestamps(values), "timestamptz") == values
