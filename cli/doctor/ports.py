"""Checks that ports are free, or used by this server's own processes."""

import errno
import itertools
import os
import socket

import psutil

from cli.doctor.finding import Finding, fail, ok
from cli.doctor.settings import DoctorSettings
from service_kit.addresses import join

OURS = ("gateway", "admin_ui", "core_service", "delivery_service", "single_process", "simulator")
"""The modules after `-m` on the command lines of our processes."""


def ports(settings: DoctorSettings) -> list[Finding]:
    """A finding for each port that cannot be used, or one for all."""
    holders = _holders()
    ours, free, wrong = [], [], []
    for variable, (host, port) in settings.ports().items():
        if not port:
            continue
        trouble = _trouble(host, port)
        if trouble is None:
            free.append(port)
        elif trouble != errno.EADDRINUSE:
            advice = f"Choose another port with {variable}, or another address."
            wrong.append(fail("ports", f"cannot listen on {join(host, port)}: {os.strerror(trouble)}", advice))
        elif (holder := holders.get(port)) is None or _is_ours(holder):
            # The system usually hides the process of another user or container.
            ours.append(port)
        else:
            advice = f"Stop that process, or choose another port with {variable}."
            wrong.append(fail("ports", f"{port} is used by {_describe(holder)}", advice))
    if wrong:
        return wrong
    parts = [f"{label} {', '.join(map(str, some))}" for label, some in (("in use:", ours), ("free:", free)) if some]
    return [ok("ports", "; ".join(parts))]


def _trouble(host: str, port: int) -> int | None:
    """The error of listening there; None if there is none."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as probe:
            # As the servers do, so that connections in TIME_WAIT do not matter.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    except OSError as error:
        return error.errno or errno.EIO
    return None


def _holders() -> dict[int, psutil.Process]:
    """The processes that listen, by port, as far as the system shows them."""
    found = {}
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.AccessDenied, OSError):
        return {}
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
            try:
                found[connection.laddr.port] = psutil.Process(connection.pid)
            except psutil.NoSuchProcess:
                continue
    return found


def _is_ours(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return True
    return any(flag == "-m" and name in OURS for flag, name in itertools.pairwise(words))


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.name()} (process id {process.pid})"
    except psutil.Error:
        return f"process id {process.pid}"
