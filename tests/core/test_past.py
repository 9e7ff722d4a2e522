"""The month of pushes that `python -m benchmarks.growth` loads is one that the server could have had."""

import datetime as dt

import psycopg
import pytest

from benchmarks.past import SPAN, Past
from benchmarks.population import Population
from core_service.retention.service import Ages, Retention
from service_kit.database import create_batch_pool
from tests.core.conftest import NewDatabase

pytestmark = pytest.mark.slow

DAY = dt.timedelta(days=1)
AGES = Ages(delivery_log=30 * DAY, history=30 * DAY, audit_log=365 * DAY, request_log=30 * DAY)
DELIVERIES = 720
ROWS = {"notifications": DELIVERIES // 2, "deliveries": DELIVERIES, "delivery_attempts": DELIVERIES}


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    """A database with nothing but that month."""
    return new_database()


@pytest.fixture
def past(url: str) -> Past:
    """The month, of six accounts."""
    past = Past(url)
    past.add(DELIVERIES, Population(url).add_senders(6, devices_each=2))
    return past


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            SELECT 'notifications', count(*) FROM notifications
            UNION ALL SELECT 'deliveries', count(*)
                FROM deliveries d
                JOIN notifications n ON n.id = d.notification_id AND n.account_id = d.account_id
                JOIN devices v ON v.id = d.device_id AND v.account_id = d.account_id AND v.user_id = d.user_id
            UNION ALL SELECT 'delivery_attempts', count(*)
                FROM delivery_attempts a
                JOIN deliveries d ON d.notification_id = a.subject::uuid AND d.device_id = a.device_id
                    AND d.account_id = a.account_id
            """
        ).fetchall()
    return dict(rows)


def test_every_attempt_is_of_a_delivery_and_every_delivery_of_a_notification(url: str, past: Past) -> None:
    assert counts(url) == ROWS
    assert all(sizes.table > 0 < sizes.indexes for sizes in past.sizes().values())


async def test_none_of_it_is_too_old_yet(url: str, past: Past) -> None:
    async with create_batch_pool(url, max_size=2) as pool:
        assert await Retention(pool, AGES, lambda: dt.datetime.now(dt.UTC)).forget() == 0


async def test_a_day_later_the_server_forgets_the_share_of_a_day(url: str, past: Past) -> None:
    moment = past.oldest + AGES.history + DAY
    async with create_batch_pool(url, max_size=2) as pool:
        forgotten = await Retention(pool, AGES, lambda: moment).forget()
    assert forgotten == pytest.approx(sum(ROWS.values()) * (DAY / SPAN), abs=5)
    # What is left still belongs together.
    assert sum(counts(url).values()) == sum(ROWS.values()) - forgotten
