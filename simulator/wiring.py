"""Builds the simulator's parts, starts and stops them."""

import logging
from contextlib import AsyncExitStack

from service_kit.addresses import join
from service_kit.process import StopRequest
from simulator import credentials
from simulator.apns.directory import TokenDirectory
from simulator.apns.provider_token import ProviderTokens
from simulator.apns.server import ApnsServer
from simulator.apns.service import ApnsService
from simulator.clock import ClockFile
from simulator.control.apns_routes import ApnsRoutes
from simulator.control.clock_routes import ClockRoutes
from simulator.control.guard import ControlGuard
from simulator.control.mail_routes import MailRoutes
from simulator.control.phone_routes import PhoneRoutes
from simulator.control.server import ControlServer, build_app
from simulator.control.webhook_routes import WebhookRoutes
from simulator.credentials import LOCAL
from simulator.mails.server import MailServer
from simulator.mails.sink import MailSink
from simulator.phones.client import GatewayClient
from simulator.phones.service import PhoneService
from simulator.phones.store import PhoneStore
from simulator.settings import SimulatorSettings
from simulator.webhooks.sink import WebhookSink

log = logging.getLogger(__name__)


async def serve(settings: SimulatorSettings, stop: StopRequest) -> None:
    """Runs the simulator until `stop`, then drains. Raises OSError if a port or the data folder cannot be used."""
    folder = settings.data_dir / "simulator"
    files = credentials.ensure(folder, settings.simulator_name)
    keys = {credentials.KEY_ID: files.public_provider_key()}
    directory = TokenDirectory()
    service = ApnsService(credentials.BUNDLE_ID, ProviderTokens(keys, credentials.TEAM_ID), directory)
    apns = ApnsServer(service, files.tls_context("h2"))
    gateway = GatewayClient(settings.gateway_url)
    clock_file = ClockFile(folder)
    clock = clock_file.load()
    phones = PhoneService(credentials.BUNDLE_ID, PhoneStore(folder), gateway, directory, clock)
    webhooks = WebhookRoutes(WebhookSink())
    mails = MailSink()
    mail_server = MailServer(mails)
    app = build_app(
        ApnsRoutes(service, apns).routes(),
        PhoneRoutes(phones).routes(),
        ClockRoutes(clock, clock_file).routes(),
        webhooks.routes(),
        MailRoutes(mails).routes(),
    )
    control = ControlServer(ControlGuard(app, settings))
    sink = ControlServer(build_app(webhooks.public_routes()), files.tls_context())
    host = settings.simulator_bind_host
    async with AsyncExitStack() as running:
        running.push_async_callback(gateway.close)
        await phones.start()
        running.push_async_callback(phones.stop)
        apns_port = await apns.start(host, settings.apns_simulator_port)
        running.push_async_callback(apns.stop, settings.drain_seconds)
        control_port = await control.start(host, settings.simulator_port, settings.drain_seconds)
        running.push_async_callback(control.stop)
        running.callback(phones.changes.close)
        sink_port = await sink.start(host, settings.webhook_simulator_port, settings.drain_seconds)
        running.push_async_callback(sink.stop)
        # The certificate's name, because clients must call that; `::1` itself, because a hosts file may not map the
        # name to it.
        sink_host = host if host == "::1" and settings.simulator_name == LOCAL else settings.simulator_name
        webhooks.sink_url = f"https://{join(sink_host, sink_port)}/webhooks"
        mail_port = await mail_server.start(host, settings.smtp_simulator_port)
        running.push_async_callback(mail_server.stop)
        log.info(
            "serving: control API on http://%s, APNs on %s, webhooks on https://%s, mails on %s",
            *(join(host, port) for port in (control_port, apns_port, sink_port, mail_port)),
        )
        await stop.wait()
