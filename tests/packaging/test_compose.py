"""`compose.yaml` says what the processes understand, and opens nothing that should be closed."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from admin_ui.settings import AdminSettings
from cli.smith import app
from cli.up.settings import UpSettings
from core_service.settings import CoreSettings
from delivery_service.settings import DeliverySettings
from gateway.settings import GatewaySettings
from service_kit.settings import ServiceSettings
from simulator.settings import SimulatorSettings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "migrate": UpSettings,
    "core": CoreSettings,
    "delivery": DeliverySettings,
    "gateway": GatewaySettings,
    "admin": AdminSettings,
    "simulator": SimulatorSettings,
}
VARIABLE = re.compile(r"\$\{(\w+)(?::(-|\?)([^}]*))?\}")
SECRETS = {"POSTGRES_PASSWORD": "a" * 48, "SMITH_INTERNAL_SECRET": "b" * 48, "SMITH_SETUP_CODE": "c" * 48}


def example(*, live: bool) -> dict[str, str]:
    """The example of `.env`, filled in; `live` takes its last part instead of the simulator's."""
    text = (ROOT / "deploy/compose/example.env").read_text()
    first, simulated, going_live = re.split(r"\n# To (?:try it out|go live).*\n", text)
    chosen = re.sub(r"^# (\w+=)", r"\1", going_live, flags=re.MULTILINE) if live else simulated
    lines = [line for line in (first + "\n" + chosen).splitlines() if re.match(r"\w+=", line)]
    return {name: value for name, _, value in (line.partition("=") for line in lines)} | SECRETS


def filled_in(value: str, variables: dict[str, str]) -> str:
    """As compose does: https://docs.docker.com/reference/compose-file/interpolation/."""

    def one(match: re.Match[str]) -> str:
        name, kind, word = match.groups()
        given = variables.get(name, "")
        assert given or kind == "-", f"{name} must be given"
        return given or word or ""

    return VARIABLE.sub(one, value)


def parse(words: list[str]) -> str:
    """The name of the command that `smith` would run. Fails if the words are wrong."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("smith", list(words))
    name, chosen, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    chosen.make_context(name, rest, parent=context)
    return str(name)


@pytest.mark.parametrize("service", SETTINGS)
@pytest.mark.parametrize("live", [False, True], ids=["simulated", "live"])
def test_each_process_is_told_only_what_it_knows_and_can_use(
    service: str, *, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {name: filled_in(value, example(live=live)) for name, value in SERVICES[service]["environment"].items()}
    known = {f"SMITH_{name.upper()}" for name in SETTINGS[service].model_fields}
    assert set(told) <= known, "a variable that no program reads"
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    SETTINGS[service]()


@pytest.mark.parametrize("service", SETTINGS)
def test_commands_and_health_checks_are_commands_of_smith(service: str) -> None:
    command = SERVICES[service]["command"]
    assert parse(command) in {"serve", "migrate"}
    if service == "migrate":
        assert command == ["migrate"]
        return
    assert command == ["serve", service]
    how, program, *words = SERVICES[service]["healthcheck"]["test"]
    assert (how, program) == ("CMD", "smith")
    assert parse(words) == "health"
    assert words == ["health", service]


def test_the_example_names_only_variables_that_the_compose_file_reads() -> None:
    read = {match[0] for match in VARIABLE.findall((ROOT / "compose.yaml").read_text())}
    for live in (False, True):
        assert set(example(live=live)) <= read | {"COMPOSE_PROFILES"}


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_has_more_rights_than_it_needs(service: str) -> None:
    settings = SERVICES[service]
    assert settings["cap_drop"] == ["ALL"]
    assert settings["security_opt"] == ["no-new-privileges:true"]
    assert settings["read_only"] is True
    assert int(settings["user"].partition(":")[0]) > 0
    assert "privileged" not in settings
    published = settings.get("ports", [])
    assert bool(published) is (service in {"gateway", "admin"})
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_only_core_reaches_the_database_and_only_who_must_the_world() -> None:
    networks = COMPOSE["networks"]
    assert {name for name, settings in networks.items() if not settings.get("internal")} == {"outside"}
    on = {network: {name for name, one in SERVICES.items() if network in one["networks"]} for network in networks}
    assert on["data"] == {"postgres", "redis", "migrate", "core"}
    assert on["outside"] == {"gateway", "admin", "delivery"}
