"""Backends that update their streams all the time."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import LiteralString

import psycopg
from psycopg.rows import TupleRow

from benchmarks.load import Load, WrongAnswer, load_http
from benchmarks.population import Population
from benchmarks.requests import http_request
from benchmarks.server import Server

STREAM_KEY = "import"
PATH = f"/api/live-activity/stream/{STREAM_KEY}"
POLL_SECONDS = 0.02
LONGEST_WAIT = 60.0

COUNT_OWED = "SELECT count(*) FROM live_activity_devices WHERE next_at IS NOT NULL"
COUNT_BEHIND = """
SELECT count(*) FROM live_activities a JOIN live_activity_devices p ON p.activity_id = a.id
WHERE p.accepted_version < a.version
"""


def content_state(number: int) -> dict[str, object]:
    """A progress state, as backends send many. Each number gives another state."""
    return {"title": "Import", "subtitle": f"{number} rows", "type": "progress", "percentage": number % 101}


@dataclass(frozen=True)
class Updates:
    """The result of a number of PUTs, each with a new state."""

    load: Load
    seconds: float
    """Seconds from the first PUT until the database had recorded that every phone has the last state."""
    pushes: int
    """Pushes that APNs accepted for all of them."""


class Feed:
    """Streams of one server, each in an account of its own, and their states."""

    def __init__(self, server: Server, api_keys: Sequence[str], *, devices_each: int = 1) -> None:
        """`api_keys` belong to accounts whose stream shows `content_state(0)` on `devices_each` phones."""
        self.server = server
        self.devices_each = devices_each
        self._api_keys = api_keys
        self._shown = [0] * len(api_keys)
        self._next = 0

    async def repeat(self, *, callers: int, count: int) -> Load:
        """PUTs the present states, one stream after the other. Raises WrongAnswer unless all are noops."""
        requests = [self._request(self._turn()) for _ in range(count)]
        return await load_http(self.server.stack.base_url, requests, callers=callers, check=_is_noop)

    async def advance(self, *, callers: int, count: int) -> Updates:
        """PUTs new states, one stream after the other, and waits until all phones show them.

        Raises WrongAnswer unless all are updates, every phone ends on the last state, and APNs refused nothing.
        """
        requests, touched = [], set()
        for _ in range(count):
            stream = self._turn()
            self._shown[stream] += 1
            touched.add(stream)
            requests.append(self._request(stream))
        check = partial(_is_update, self.devices_each)
        stack, apns = self.server.stack, self.server.apns
        await apns.reset(latency_ms=0)
        async with await psycopg.AsyncConnection.connect(stack.database_url, autocommit=True) as database:
            began = time.perf_counter()
            load = await load_http(self.server.stack.base_url, requests, callers=callers, check=check)
            await _until_none_owed(database)
            seconds = time.perf_counter() - began
            behind = await _number(database, COUNT_BEHIND)
        counts = await apns.stats()
        if behind or counts["rejected"] or counts["duplicates_by_apns_id"] or counts["timestamps_backwards"]:
            raise WrongAnswer(f"of {count} updates {behind} phones lack the last, and the stand-in says {counts}")
        shown = Counter(state.get("subtitle") for state in await apns.states())
        wanted = Counter(content_state(self._shown[stream])["subtitle"] for stream in touched)
        if shown != Counter({subtitle: number * self.devices_each for subtitle, number in wanted.items()}):
            raise WrongAnswer(f"after {count} updates the phones have other states than the last ones: {shown}")
        return Updates(load, seconds, counts["live_activity_updates"])

    def _turn(self) -> int:
        self._next = (self._next + 1) % len(self._api_keys)
        return self._next

    def _request(self, stream: int) -> bytes:
        body = {"content_state": content_state(self._shown[stream])}
        return http_request("PUT", self.server.stack.base_url + PATH, self._api_keys[stream], body)


def filled_streams(population: Population, streams: int, *, devices_each: int = 1) -> list[str]:
    """Adds streams to a database. Returns their API keys, for a Feed."""
    state = json.dumps(content_state(0))
    return population.add_streams(streams, STREAM_KEY, state, devices_each=devices_each)


async def _until_none_owed(database: psycopg.AsyncConnection[TupleRow]) -> None:
    async with asyncio.timeout(LONGEST_WAIT):
        while await _number(database, COUNT_OWED):  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL_SECONDS)


async def _number(database: psycopg.AsyncConnection[TupleRow], query: LiteralString) -> int:
    row = await (await database.execute(query)).fetchone()
    return int(row[0]) if row else 0


def _is_noop(body: bytes) -> bool:
    return bool(json.loads(body).get("operation") == "noop")


def _is_update(devices: int, body: bytes) -> bool:
    answer = json.loads(body)
    counted = answer.get("devices_notified", 0) + answer.get("devices_queued", 0)
    return bool(answer.get("operation") == "updated" and counted == devices)
