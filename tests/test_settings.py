"""What a process says of settings that it cannot use: which one and why, and never a secret in it."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from admin_ui.settings import AdminSettings
from cli.up import programs
from cli.up.settings import UpSettings
from core_service.settings import CoreSettings
from delivery_service.settings import DeliverySettings
from gateway.settings import GatewaySettings
from service_kit.logs import TextFormatter
from service_kit.settings import ServiceSettings, load
from tests.waiting import LONG

LONG_SECRET = "s" * 32


def ended(process: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A process started with these settings, at its end."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    return subprocess.run(
        [sys.executable, "-m", process],
        env=clean | env,
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMITH_DATABASE_URL", "mysql://smith:hunter2@db/smith"),
        ("SMITH_DATABASE_URL", "hunter2"),
        ("SMITH_DATABASE_URL", "postgresql://smith:hunter2%zz@db/smith"),
        ("SMITH_DATABASE_URL", "postgresql://smith:hunter2@db:port/smith"),
        ("SMITH_DATABASE_URL", "postgresql://smith:hunter2@[db/smith"),
        ("SMITH_REDIS_URL", "http://:hunter2@redis"),
        ("SMITH_REDIS_URL", "redis://:hunter2@redis:port/0"),
        ("SMITH_INTERNAL_SECRET", "hunter2"),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_without_its_secret(name: str, value: str) -> None:
    process = ended("core_service", **({"SMITH_DATABASE_URL": "postgresql://localhost/x"} | {name: value}))
    assert process.returncode == 2, process.stderr
    assert name in process.stderr
    assert "hunter2" not in process.stderr + process.stdout
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize(
    ("settings", "name", "value", "said"),
    [
        (GatewaySettings, "SMITH_TRUSTED_PROXIES", "localhost", "'localhost' is neither an address nor a network"),
        (GatewaySettings, "SMITH_TRUSTED_PROXIES", "10.0.0.1, 127.0.0.1/33", "'127.0.0.1/33' is neither"),
        (AdminSettings, "SMITH_TRUSTED_PROXIES", "10.0.0.1/8", "'10.0.0.1/8' is neither an address nor a network"),
        (AdminSettings, "SMITH_TRUSTED_PROXIES", "*, 10.0.0.1", "'*' is neither an address nor a network"),
        (DeliverySettings, "SMITH_WEBHOOK_ALLOW", "ci.internal:8443, 10.1.0.0/40", "10.1.0.0/40' is not a host"),
        (AdminSettings, "SMITH_ADMIN_URL", "https://example.com/smith", "'https://example.com/smith': "),
        (CoreSettings, "SMITH_ADMIN_URL", "https://example.com/smith", "'https://example.com/smith': "),
        (AdminSettings, "SMITH_GATEWAY_URL", "push.example.com", "'push.example.com': "),
        (GatewaySettings, "SMITH_GATEWAY_URL", "https://example.com:x/push", "'https://example.com:x/push': "),
        (GatewaySettings, "SMITH_BIND_HOST", "[::1]:8000", "'[::1]:8000': "),
        (UpSettings, "SMITH_TRUSTED_PROXIES", "localhost", "'localhost' is neither an address nor a network"),
        (UpSettings, "SMITH_GATEWAY_URL", "push.example.com", "'push.example.com': "),
        (UpSettings, "SMITH_GATEWAY_URL", "https://me:hunter2@push.example.com", "me:[redacted]@"),
    ],
)
def test_what_is_wrong_with_a_setting_that_is_no_secret_is_said_with_its_value(
    settings: type[ServiceSettings],
    name: str,
    value: str,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMITH_DATABASE_URL", "postgresql://localhost/x")
        patch.setenv(name, value)
        with pytest.raises(SystemExit, match="2"):
            load(settings)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{name}=")
    assert said in line


def test_a_proxy_of_ipv4_is_known_to_a_server_that_listens_on_ipv6_as_well() -> None:
    """Which sees it as ::ffff:10.1.2.3."""
    trusted = GatewaySettings(trusted_proxies=" 10.1.0.0/16, 2001:db8::7 ").trusted_proxies
    assert trusted == "10.1.0.0/16,::ffff:10.1.0.0/112,2001:db8::7"
    assert GatewaySettings(trusted_proxies="*").trusted_proxies == "*"


@pytest.mark.parametrize(
    ("url", "path"),
    [("https://push.example.com/", ""), ("https://example.com/push/", "/push"), ("http://[::1]:8000/a/b", "/a/b")],
)
def test_the_rest_api_may_be_shown_under_a_path(url: str, path: str) -> None:
    assert GatewaySettings(gateway_url=url).public_path == path
    assert AdminSettings(gateway_url=url).gateway_url == url.rstrip("/")


@pytest.mark.parametrize(
    "secret", ["ü" * 32, "two words, and then some to be long enough", LONG_SECRET + "\n" + LONG_SECRET, "x" * 513]
)
def test_a_secret_that_metadata_cannot_carry_is_refused_at_start(secret: str) -> None:
    """It would be refused at every single call otherwise."""
    process = ended("delivery_service", SMITH_INTERNAL_SECRET=secret)
    assert process.returncode == 2
    assert "SMITH_INTERNAL_SECRET=(hidden): " in process.stderr
    assert secret not in process.stderr


@pytest.mark.parametrize(
    "text",
    [
        "connecting to postgresql://smith:hunter2@db:5432/smith",
        "connecting to redis://:hunter2@redis:6379/0",
        "calling https://user:hunter2@hooks.example/path",
        "Authorization: Bearer hunter2",
        "{'authorization': 'bearer hunter2'}",
        "the key ask_hunter2hunter2 is unknown",
        "%2Fses_hunter2hunter2hunter2hunter2hunter2hunter2x",
        "signed with whsec_hunter2hunter2hunter2==",
    ],
)
def test_whatever_is_logged_what_looks_like_a_credential_is_not(text: str) -> None:
    for arguments in ((text,), ("%s", text)):
        record = logging.LogRecord("x", logging.INFO, "x", 1, arguments[0], arguments[1:], None)
        assert "hunter2" not in TextFormatter("core").format(record)
    try:
        raise ValueError(text)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    assert "hunter2" not in TextFormatter("core").format(record)


@pytest.mark.thorough
def test_a_password_in_a_url_is_not_logged_while_the_database_is_away() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")} | {
        "SMITH_DATABASE_URL": "postgresql://smith:hunter2@127.0.0.1:1/smith",
        "SMITH_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0",
        "SMITH_LOG_LEVEL": "debug",
        "SMITH_CORE_PORT": "0",
    }
    with subprocess.Popen([sys.executable, "-m", "core_service"], env=env, stderr=subprocess.PIPE, text=True) as core:
        assert core.stderr is not None
        heard = []
        for line in core.stderr:
            heard.append(line)
            if "waiting for the database" in line:
                core.terminate()
    assert any("waiting for the database" in line for line in heard)
    assert "hunter2" not in "".join(heard)
    bootstrap = [sys.executable, "-m", "core_service", "bootstrap", "--email", "o@acme.test", "--account-name", "Acme"]
    env["SMITH_BOOTSTRAP_PASSWORD"] = "hunter2hunter2"
    ended = subprocess.run(bootstrap, env=env, capture_output=True, text=True, timeout=3 * LONG, check=False)
    assert "cannot be reached" in ended.stderr
    assert "hunter2" not in ended.stdout + ended.stderr


def test_people_and_apps_are_told_the_public_name_of_the_rest_api_and_the_simulator_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SMITH_GATEWAY_URL", "https://push.example.com")
    settings, folder = UpSettings(), Path("var")
    assert programs.admin(settings, folder).env["SMITH_GATEWAY_URL"] == "https://push.example.com"
    assert programs.simulator(settings, folder).env["SMITH_GATEWAY_URL"] == "http://127.0.0.1:8000"
