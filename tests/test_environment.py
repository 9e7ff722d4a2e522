"""Variables that libraries read behind our back: what is forgotten, and what clients of ours ignore."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin_ui.phones.simulator import Simulator
from admin_ui.simulated_phones import SimulatorAway, pair_phone
from service_kit.environment import forget_foreign
from tests.packages import SERVER
from tests.stack import Stack

ROOT = Path(__file__).parents[1]
CLIENTS = {"AsyncClient", "Client", "get", "post", "put", "patch", "delete", "request", "stream"}
OTHERS = {"aiohttp", "requests", "urllib.request", "urllib3"}
"""Libraries that heed the environment's proxies as well."""


def modules() -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the server. The command-line client is a person's, and their proxy is the way out."""
    for package in SERVER:
        for path in (ROOT / package).rglob("*.py"):
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def makes_client(node: ast.AST) -> bool:
    """Whether this is `httpx.AsyncClient(...)` or the like."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "httpx"
        and node.func.attr in CLIENTS
    )


def ignores_environment(call: ast.Call) -> bool:
    """Whether it says `trust_env=False`."""
    return any(
        one.arg == "trust_env" and isinstance(one.value, ast.Constant) and one.value.value is False
        for one in call.keywords
    )


def test_every_http_client_of_the_server_ignores_proxies_of_the_environment() -> None:
    calls = [
        (path, node) for path, tree in modules() for node in ast.walk(tree)
        if isinstance(node, ast.Call) and makes_client(node)
    ]  # fmt: skip
    assert len(calls) >= 7, "the search finds the clients that there are"
    assert [f"{path}:{call.lineno}" for path, call in calls if not ignores_environment(call)] == []


def test_httpx_is_used_by_its_name_and_no_other_client_is() -> None:
    """So that the test above sees every client."""
    found = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in OTHERS | {"httpx"}:
                found.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.Import) and OTHERS & {name.name for name in node.names}:
                found.append(f"{path}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks5h://127.0.0.1:9"])
async def test_the_lock_screen_reaches_its_simulator_whatever_proxy_is_set(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    simulator = Simulator(stack.simulator_url)
    try:
        assert stack.phone_id in [phone["id"] for phone in await simulator.phones()]
    finally:
        await simulator.close()
    with pytest.raises(SimulatorAway, match="could not pair a device"):
        await pair_phone(stack.simulator_url, "NO-SUCH-CODE", "iPhone")


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("", set()),
        ("postgresql://db/smith", {"PGPASSFILE", "PGSSLROOTCERT", "PGHOST"}),
    ],
)
def test_libpq_is_told_nothing_of_our_own_database_and_no_more_than_the_missing_of_anothers(
    url: str, left: set[str]
) -> None:
    names = ("PGPASSFILE", "PGSSLROOTCERT", "PGHOST", "PGHOSTADDR", "PGOPTIONS", "PGCLIENTENCODING", "PGTZ")
    environment = dict.fromkeys(names, "x") | {"SMITH_DATABASE_URL": url}
    forget_foreign(environment)
    assert environment.keys() - {"SMITH_DATABASE_URL"} == left


def test_what_is_ours_or_a_persons_stays() -> None:
    kept = {
        "PATH": "/bin", "SMITH_GATEWAY_PORT": "1", "OTEL_SERVICE_NAME": "x", "HTTPS_PROXY": "x", "SSL_CERT_FILE": "x",
        "PYTHONUNBUFFERED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C",
    }  # fmt: skip
    environment = dict(kept)
    forget_foreign(environment)
    assert environment == kept
