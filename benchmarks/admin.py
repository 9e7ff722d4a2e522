"""The web admin: the time of its pages with long lists, and the memory of many open pages."""

import asyncio
import statistics
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import psycopg
from playwright.async_api import Browser, async_playwright

from benchmarks.kinds import Kind
from benchmarks.progress import say
from benchmarks.report import Row
from benchmarks.server import running_simulated_server
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "web admin"
FIND = Path(__file__).parents[1] / "scripts" / "find_chromium.sh"
PAGES = (
    "/", "/devices", "/channels", "/delivery-log", "/delivery-log/live-activities", "/delivery-log/webhook-calls",
    "/requests", "/live-activities", "/members", "/api-keys", "/settings/server", "/account",
)  # fmt: skip
OPEN = ("/", "/live-activities", "/devices", "/lock-screen")
MOVES_SECONDS = 20
LEFT_SECONDS = 15.0
"""After which the server has forgotten the pages of a browser that has left. It keeps 60 that no browser shows for an
address, so all requests for pages together must be fewer."""

DEVICES = """
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, os_version, frequent_pushes_enabled,
                     push_token, push_token_registered_at, created_at)
SELECT gen_random_uuid(), m.account_id, m.user_id, 'iPhone ' || n, sha256(('admin ' || n)::bytea), 'production', '18.2',
       true, encode(sha256(('admin push ' || n)::bytea), 'hex'), now(), now()
FROM generate_series(1, %(rows)s) n, members m JOIN users u ON u.id = m.user_id WHERE u.email = %(email)s
"""
CHANNELS = """
INSERT INTO channels (id, account_id, slug, name, created_at)
SELECT gen_random_uuid(), m.account_id, 'channel-' || n, 'Channel ' || n, now()
FROM generate_series(1, %(rows)s) n, members m JOIN users u ON u.id = m.user_id WHERE u.email = %(email)s
"""
NOTIFICATIONS = """
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7ada8ada' || lpad(to_hex(n), 12, '0'))::uuid, m.account_id,
       'Build ' || n || ' finished', convert_to('{"aps":{"alert":{"title":"x"}}}', 'UTF8'), now(), now()
FROM generate_series(1, %(rows)s) n, members m JOIN users u ON u.id = m.user_id WHERE u.email = %(email)s
"""
DELIVERIES = """
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts, settled_at)
SELECT n.id, d.id, d.account_id, d.user_id, gen_random_uuid(), 'accepted', now(), 1, now()
FROM notifications n JOIN LATERAL (
    SELECT * FROM devices d WHERE d.account_id = n.account_id AND d.name = 'iPhone 1' LIMIT 1
) d ON true
WHERE n.title LIKE 'Build %% finished' AND n.created_at = n.expires_at
"""


async def measure_admin(kind: Kind, amounts: Amounts) -> list[Row]:
    """Measures pages of an account with many devices, channels and notifications; then open pages that are updated."""
    say(f"measuring the web admin with lists of {amounts.admin_rows:,}")
    # Its pages show the screens of the simulated phone.
    with running_simulated_server(kind) as stack:
        await asyncio.to_thread(_fill, stack, amounts.admin_rows)
        # Open pages first: the server keeps pages that no browser has opened for a minute.
        memory = await _open_pages(stack, amounts.admin_pages)
        await asyncio.sleep(LEFT_SECONDS)
        return [*await _pages(stack, amounts.admin_requests), *memory]


def _fill(stack: Stack, rows: int) -> None:
    with psycopg.connect(stack.database_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in (DEVICES, CHANNELS, NOTIFICATIONS, DELIVERIES):
            connection.execute(statement, {"rows": rows, "email": stack.owner_email})
        connection.execute("VACUUM (ANALYZE) devices, channels, notifications, deliveries")


async def _pages(stack: Stack, requests: int) -> list[Row]:
    rows = []
    base_url = stack.admin_url
    async with httpx.AsyncClient(base_url=base_url, timeout=30, headers={"origin": base_url}) as client:
        signed_in = await client.post(
            "/sign-in", data={"email": stack.owner_email, "password": stack.owner_password}
        )  # fmt: skip
        assert signed_in.status_code == 303, signed_in.text
        for path in PAGES:
            taken = []
            for _ in range(requests):
                began = time.perf_counter()
                answer = await client.get(path)
                taken.append(1000 * (time.perf_counter() - began))
                assert answer.status_code == 200, (path, answer.status_code)
            taken.sort()
            p99 = taken[min(len(taken) - 1, int(0.99 * len(taken)))]
            rows.append(Row(SECTION, f"GET {path}", statistics.median(taken), "ms", p50_ms=taken[0], p99_ms=p99))
    return rows


async def _open_pages(stack: Stack, pages: int) -> list[Row]:
    process = psutil.Process(stack.pids["admin"])
    before = process.memory_info().rss / 1e6
    chromium = await asyncio.to_thread(
        subprocess.run, [FIND], capture_output=True, text=True, check=True
    )  # fmt: skip
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.stdout.strip(), args=["--no-sandbox", "--disable-gpu"]
        )
        await _open(browser, stack, pages)
        cpu = process.cpu_times()
        moved = await _move(stack)
        spent = process.cpu_times()
        after = process.memory_info().rss / 1e6
        await browser.close()
    share = (spent.user + spent.system - cpu.user - cpu.system) / MOVES_SECONDS
    return [
        Row(SECTION, "memory with no page open", before, "MB"),
        Row(SECTION, f"memory with {pages} pages open and moving", after, "MB"),
        Row(SECTION, f"updates a second shown on {pages} pages", moved, "/s"),
        Row(SECTION, "cores used meanwhile", share, "cores"),
    ]


async def _open(browser: Browser, stack: Stack, pages: int) -> None:
    context = await browser.new_context(base_url=stack.admin_url)
    context.set_default_timeout(60_000)
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.get_by_label("E-mail").fill(stack.owner_email)
    await page.get_by_label("Password").fill(stack.owner_password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", level=1, name="Overview").wait_for()
    for number in range(pages - 1):
        other = await context.new_page()
        await other.goto(OPEN[number % len(OPEN)])
        await other.get_by_role("heading", level=1).first.wait_for()


async def _move(stack: Stack) -> float:
    """Updates a stream for a while, as fast as a busy backend. Returns updates a second."""
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    ends, moved = time.monotonic() + MOVES_SECONDS, 0
    async with httpx.AsyncClient(base_url=stack.base_url, headers=headers, timeout=30) as backend:
        while time.monotonic() < ends:
            state = {"title": "Backup", "type": "progress", "percentage": moved % 100}
            answer = await backend.put("/api/live-activity/stream/admin", json={"content_state": state})
            assert answer.status_code == 200, answer.text
            moved += 1
            await asyncio.sleep(0.2)
    return moved / MOVES_SECONDS
