"""Metrics: what people define, what backends measure, and what widgets show."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.common.clock import Clock
from core_service.common.orm import now, refusing
from core_service.common.validation import missing, require_name, require_storable
from core_service.idempotency.service import new_resource
from core_service.identity.account_lock import lock_account
from core_service.widget_metrics.models import WidgetMetric
from service_kit.errors import AlreadyExists, InvalidRequest

THING = "metric"
MOST = 200
"""Metrics of an account: a phone reads all of them at once."""
AHEAD = dt.timedelta(minutes=5)
"""How far a measurement may be ahead of the server's clock. One from the far future would keep out all others."""


class Format(StrEnum):
    """How a value is written."""

    NUMBER = "number"
    CURRENCY = "currency"
    PERCENT = "percent"
    UNIT = "unit"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a metric is called and how its value is written."""

    label: str
    format: Format = Format.NUMBER
    currency_code: str | None = None
    unit: str | None = None
    unit_spacing: str | None = None


def check_definition(
    *,
    label: str,
    format_: Format | None,
    currency_code: str | None,
    unit: str | None,
    unit_spacing: str | None,
) -> Definition:
    """The definition, if each field belongs to the format and none is missing.

    Raises InvalidRequest.
    """
    kind = format_ or Format.NUMBER
    if kind is Format.CURRENCY and currency_code is None:
        raise InvalidRequest.at("currency_code", "is required for format currency")
    if kind is Format.UNIT and unit is None:
        raise InvalidRequest.at("unit", "is required for format unit")
    of_others = {"currency_code": Format.CURRENCY, "unit": Format.UNIT, "unit_spacing": Format.UNIT}
    given = {"currency_code": currency_code, "unit": unit, "unit_spacing": unit_spacing}
    for field, of in of_others.items():
        if given[field] is not None and kind is not of:
            raise InvalidRequest.at(field, f"is for format {of} only")
    return Definition(
        label=require_name(label, "label"),
        format=kind,
        currency_code=currency_code and currency_code.upper(),
        unit=None if unit is None else require_name(unit, "unit"),
        unit_spacing=(unit_spacing or "none") if kind is Format.UNIT else None,
    )


class Metrics:
    """The metrics of accounts."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._clock = clock

    async def create(self, account_id: uuid.UUID, key: str, definition: Definition) -> WidgetMetric:
        """A new metric without a value.

        Raises InvalidRequest if the account has as many as it may; AlreadyExists if the key is taken.
        """
        resource, taken = new_resource(), AlreadyExists(f"key is taken in the account: {key}")
        with refusing("metrics_account_id_key_key", taken):
            async with self._database.begin() as session:
                # An earlier run of this request may have made it and could not answer.
                metric = await session.get(WidgetMetric, resource.id) if resource.repeated else None
                if metric is None:
                    await _require_room(session, account_id)
                    metric = WidgetMetric(id=resource.id, account_id=account_id, key=key, **asdict(definition))
                    session.add(metric)
        return metric

    async def list(self, account_id: uuid.UUID) -> Sequence[WidgetMetric]:
        """The account's metrics by key."""
        async with self._database() as session:
            query = (
                select(WidgetMetric).where(col(WidgetMetric.account_id) == account_id).order_by(col(WidgetMetric.key))
            )
            return (await session.scalars(query)).all()

    async def redefine(self, account_id: uuid.UUID, key: str, definition: Definition) -> WidgetMetric:
        """Replaces the definition. The value goes if the metric changes between numbers and texts.

        Raises NotFound.
        """
        async with self._database.begin() as session:
            query = select(WidgetMetric).where(*_named(account_id, key)).with_for_update(key_share=True)
            metric: WidgetMetric | None = await session.scalar(query)
            if metric is None:
                raise missing(THING)
            if (metric.format == Format.STRING) is not (definition.format is Format.STRING):
                metric.number = metric.text = metric.measured_at = None
            for name, value in asdict(definition).items():
                setattr(metric, name, value)
            metric.updated_at = now()
        return metric

    async def delete(self, account_id: uuid.UUID, key: str) -> None:
        """Deletes the metric.

        Raises NotFound.
        """
        query = delete(WidgetMetric).where(*_named(account_id, key)).returning(col(WidgetMetric.id))
        async with self._database.begin() as session:
            if await session.scalar(query) is None:
                raise missing(THING)

    async def put_value(
        self, account_id: uuid.UUID, key: str, value: float | str, measured_at: dt.datetime | None
    ) -> None:
        """Sets the value, unless it was measured before the present one.

        Raises NotFound; InvalidRequest if the metric takes values of the other kind, or the time is too far ahead.
        """
        present = self._clock()
        moment = present if measured_at is None else measured_at
        if moment > present + AHEAD:
            raise InvalidRequest.at("timestamp", "must be at most 5 minutes ahead of the server's clock")
        is_text = isinstance(value, str)
        stored = {
            "number": None if isinstance(value, str) else value,
            "text": require_storable(value, "value") if isinstance(value, str) else None,
            "measured_at": moment,
        }
        fits = (col(WidgetMetric.format) == Format.STRING) == is_text
        is_newer = col(WidgetMetric.measured_at).is_(None) | (col(WidgetMetric.measured_at) <= moment)
        changed = fits & is_newer
        query = (
            update(WidgetMetric)
            .where(*_named(account_id, key))
            .values(
                {name: case((changed, new), else_=col(getattr(WidgetMetric, name))) for name, new in stored.items()}
            )
            .returning(col(WidgetMetric.format))
        )
        async with self._database.begin() as session:
            kind = await session.scalar(query)
            if kind is None:
                raise missing(THING)
            if (kind == Format.STRING) is not is_text:
                raise InvalidRequest.at("value", f"must be a {'text' if kind == Format.STRING else 'number'}")


def _named(account_id: uuid.UUID, key: str) -> tuple[ColumnElement[bool], ...]:
    return col(WidgetMetric.account_id) == account_id, col(WidgetMetric.key) == key.lower()


async def _require_room(session: AsyncSession, account_id: uuid.UUID) -> None:
    """Makes sure that the account may have another metric; two requests at once wait for each other here.

    Raises InvalidRequest.
    """
    await lock_account(session, account_id)
    count = await session.scalar(select(func.count()).where(col(WidgetMetric.account_id) == account_id)) or 0
    if count >= MOST:
        raise InvalidRequest(f"An account may have at most {MOST} metrics. Delete one first.")
