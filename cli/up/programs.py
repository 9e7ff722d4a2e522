"""The programs to run, with their environments."""

import os
import sys
from pathlib import Path

from cli.up.child import Program
from cli.up.settings import UpSettings
from cli.up.web_push_key import WEB_PUSH_KEY
from service_kit.web_push_subject import PLACEHOLDER, first_public

SIMULATED_KEY = {
    "SMITH_APNS_KEY_ID": "SIMULATOR1",
    "SMITH_APNS_TEAM_ID": "SIMULATED1",
    "SMITH_APNS_TOPIC": "com.activitysmith.simulator",
}
SIMULATED_SMTP = {"SMITH_SMTP_TLS": "none", "SMITH_SMTP_FROM": "ActivitySmith <activitysmith@localhost>"}
SIMULATED_SUBJECT = "mailto:simulator@example.com"
FOR_CORE_ONLY = ("SMITH_DATABASE_URL", "SMITH_REDIS_URL", "SMITH_SETUP_CODE")
"""Variables that are or contain passwords."""
FOR_DELIVERY_ONLY = ("SMITH_SMTP_PASSWORD",)
DATABASE_READY = "database.ready"
"""The file in the data folder that is there as soon as the database can be used, and until the next start."""
MOST_STAGES = 3
"""How many parts of the server one process may stop one after the other."""
OF_ONE_PROCESS = {*FOR_CORE_ONLY, *FOR_DELIVERY_ONLY}


def module(name: str, *arguments: str) -> list[str]:
    """The command that runs a package of ours with this Python. Files in the working folder cannot replace it."""
    return [sys.executable, "-P", "-m", name, *arguments]


def environment(settings: UpSettings, data_dir: Path) -> dict[str, str]:
    """The environment of all processes."""
    return {name: value for name, value in os.environ.items() if name not in OF_ONE_PROCESS} | {
        "PYTHONUNBUFFERED": "1",
        "SMITH_BIND_HOST": settings.bind_host,
        "SMITH_INTERNAL_SECRET": settings.internal_secret.get_secret_value(),
        "SMITH_DATA_DIR": str(data_dir),
        "SMITH_STOP_AT_EOF": "1",
    }


def core_environment(settings: UpSettings, data_dir: Path, database_url: str) -> dict[str, str]:
    """The environment of core and of its commands."""
    extra = {"SMITH_REDIS_URL": settings.redis_url} if settings.redis_url else {}
    if settings.setup_code:
        extra["SMITH_SETUP_CODE"] = settings.setup_code.get_secret_value()
    return environment(settings, data_dir) | extra | {
        "SMITH_ADMIN_URL": settings.admin_url or settings.admin_page or "",
        "SMITH_CORE_PORT": str(settings.core_port),
        "SMITH_DATABASE_READY_FILE": str(data_dir / DATABASE_READY),
        "SMITH_DATABASE_URL": database_url,
        "SMITH_DELIVERY_ADDRESS": settings.delivery_address,
        "SMITH_WEBPUSH_ALLOW": settings.push_service_origins,
    }  # fmt: skip


def _metrics(port: int | None) -> dict[str, str]:
    """The setting of one process's own metrics port."""
    return {} if port is None else {"SMITH_METRICS_PORT": str(port)}


def core(settings: UpSettings, data_dir: Path, database_url: str) -> Program:
    """The core."""
    env = core_environment(settings, data_dir, database_url) | _metrics(settings.core_metrics_port)
    return Program("core", module("core_service"), env)


def gateway(settings: UpSettings, data_dir: Path) -> Program:
    """The REST gateway."""
    env = (
        environment(settings, data_dir)
        | {
            "SMITH_GATEWAY_PORT": str(settings.gateway_port),
            "SMITH_CORE_ADDRESS": settings.core_address,
        }
        | _metrics(settings.gateway_metrics_port)
    )
    return Program("gateway", module("gateway"), env)


def admin(settings: UpSettings, data_dir: Path) -> Program:
    """The web admin, which shows the simulator's phones if the simulator runs."""
    env = environment(settings, data_dir) | {
        "SMITH_ADMIN_PORT": str(settings.admin_port),
        "SMITH_ADMIN_URL": settings.admin_url or settings.admin_page or "",
        "SMITH_GATEWAY_URL": settings.public_gateway_url or settings.gateway_url,
        "SMITH_CORE_ADDRESS": settings.core_address,
        "SMITH_SIMULATOR_URL": settings.simulator_url if settings.simulated else "",
        "SMITH_QUICKSTART_FILE": str(data_dir / "quickstart.json") if settings.quickstart else "",
    }
    return Program("admin", module("admin_ui"), env)


def delivery(settings: UpSettings, data_dir: Path) -> Program:
    """The delivery service. It uses Apple's APNs if a key is set, otherwise the simulator."""
    env = environment(settings, data_dir) | {
        "SMITH_DELIVERY_PORT": str(settings.delivery_port),
        "SMITH_WEBPUSH_ALLOW": settings.push_service_origins,
    }
    env |= {name: os.environ[name] for name in FOR_DELIVERY_ONLY if name in os.environ}
    env["SMITH_WEBPUSH_KEY_FILE"] = str(settings.webpush_key_file or data_dir / WEB_PUSH_KEY)
    if settings.simulated:
        credentials = data_dir / "simulator"
        address = settings.apns_simulator_address
        env |= SIMULATED_KEY | {
            "SMITH_APNS_KEY_FILE": str(credentials / "AuthKey.p8"),
            "SMITH_APNS_CA_FILE": str(credentials / "ca.pem"),
            # The simulator is on this machine: no proxy.
            "SMITH_APNS_PROXY": "",
            "SMITH_APNS_PRODUCTION_ADDRESS": address,
            "SMITH_APNS_SANDBOX_ADDRESS": address,
            "SMITH_APNS_SIMULATED": "1",
            "SMITH_WEBHOOK_ALLOW": f"{settings.webhook_allow},{settings.sink_address}",
            "SMITH_WEBHOOK_CA_FILE": str(credentials / "ca.pem"),
        }
        known = first_public(
            os.environ.get("SMITH_SMTP_FROM", ""), settings.admin_url, settings.public_gateway_url or ""
        )
        if known == PLACEHOLDER and not os.environ.get("SMITH_WEBPUSH_SUBJECT"):
            # Apple refuses an address on this machine, and so does the simulator in its place.
            env["SMITH_WEBPUSH_SUBJECT"] = SIMULATED_SUBJECT
    env["SMITH_SMTP_SIMULATED"] = "1" if settings.mails_simulated else "0"
    if settings.mails_simulated:
        env |= SIMULATED_SMTP | {
            "SMITH_SMTP_HOST": settings.simulator_host,
            "SMITH_SMTP_PORT": str(settings.smtp_simulator_port),
        }
    env |= _metrics(settings.delivery_metrics_port)
    return Program("delivery", module("delivery_service"), env)


def server(settings: UpSettings, data_dir: Path, database_url: str) -> Program:
    """Gateway, core and delivery in one process, which has what each of them would be told."""
    parts = (gateway(settings, data_dir), core(settings, data_dir, database_url), delivery(settings, data_dir))
    env = {name: value for one in parts for name, value in one.env.items() if name != "SMITH_METRICS_PORT"}
    return Program("server", module("single_process"), env, stages=MOST_STAGES)


def simulator(settings: UpSettings, data_dir: Path) -> Program:
    """The APNs simulator with its phones."""
    return Program("simulator", module("simulator"), simulator_environment(settings, data_dir))


def simulator_environment(settings: UpSettings, data_dir: Path) -> dict[str, str]:
    """The environment of the simulator and of its commands."""
    return environment(settings, data_dir) | {
        "SMITH_SIMULATOR_BIND_HOST": settings.simulator_bind_host,
        "SMITH_SIMULATOR_PORT": str(settings.simulator_port),
        "SMITH_APNS_SIMULATOR_PORT": str(settings.apns_simulator_port),
        "SMITH_WEBHOOK_SIMULATOR_PORT": str(settings.webhook_simulator_port),
        "SMITH_SMTP_SIMULATOR_PORT": str(settings.smtp_simulator_port),
        "SMITH_WEBPUSH_SIMULATOR_PORT": str(settings.webpush_simulator_port),
        "SMITH_GATEWAY_URL": settings.gateway_url,
    }
