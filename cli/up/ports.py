"""Checks that the ports are free before anything is started, so that the error is one line and not five logs."""

import errno
import socket

from cli.up.errors import CannotStart
from cli.up.settings import UpSettings
from service_kit.addresses import join


def check_ports(settings: UpSettings) -> None:
    """Raises CannotStart with the first port that cannot be listened on, and the variable that sets it."""
    wanted = {"SMITH_GATEWAY_PORT": settings.gateway_port, "SMITH_CORE_PORT": settings.core_port}
    wanted["SMITH_DELIVERY_PORT"] = settings.delivery_port
    if settings.admin_port is not None:
        wanted["SMITH_ADMIN_PORT"] = settings.admin_port
    simulated = {
        "SMITH_SIMULATOR_PORT": settings.simulator_port,
        "SMITH_APNS_SIMULATOR_PORT": settings.apns_simulator_port,
        "SMITH_WEBHOOK_SIMULATOR_PORT": settings.webhook_simulator_port,
        "SMITH_SMTP_SIMULATOR_PORT": settings.smtp_simulator_port,
        "SMITH_WEBPUSH_SIMULATOR_PORT": settings.webpush_simulator_port,
    }
    if settings.simulated:
        wanted |= simulated
    if settings.metrics_port is not None:
        raise CannotStart(
            "SMITH_METRICS_PORT is for one process: set SMITH_GATEWAY_METRICS_PORT, SMITH_CORE_METRICS_PORT and "
            "SMITH_DELIVERY_METRICS_PORT instead"
        )
    for process in ("gateway", "core", "delivery"):
        # 0 takes any free one.
        if port := getattr(settings, f"{process}_metrics_port"):
            wanted[f"SMITH_{process.upper()}_METRICS_PORT"] = port
    variable_of: dict[int, str] = {}
    for variable, port in wanted.items():
        if port in variable_of:
            raise CannotStart(f"{variable} and {variable_of[port]} are both {port}: give each its own port")
        variable_of[port] = variable
        if variable in simulated:
            _check_port("SMITH_SIMULATOR_BIND_HOST", settings.simulator_bind_host, port, variable)
        else:
            _check_port("SMITH_BIND_HOST", settings.bind_host, port, variable)


def _check_port(host_variable: str, host: str, port: int, variable: str) -> None:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except socket.gaierror as error:
        raise CannotStart(f"{host_variable}={host}: not an address of this machine ({error.strerror})") from error
    with socket.socket(family, kind) as probe:
        # As the servers do, so that an earlier run's connections in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CannotStart(_explain(error, host_variable, host, port, variable)) from error


def _explain(error: OSError, host_variable: str, host: str, port: int, variable: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken: stop what uses it, or choose another port with {variable}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host_variable}={host}: not an address of this machine"
    return f"cannot listen on {join(host, port)} ({error.strerror}): choose another port with {variable}"
