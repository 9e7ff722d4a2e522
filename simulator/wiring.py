"""Builds the simulator's parts, starts and stops them."""

import asyncio
import logging
from contextlib import AsyncExitStack

from service_kit.addresses import join, reachable
from service_kit.process import StopRequest
from simulator import credentials
from simulator.apns.channels import Channels
from simulator.apns.directory import TokenDirectory
from simulator.apns.provider_token import ProviderTokens
from simulator.apns.server import ApnsServer
from simulator.apns.service import ApnsService
from simulator.browsers.service import BrowserService
from simulator.browsers.store import BrowserStore
from simulator.clock import ClockFile
from simulator.control.apns_routes import ApnsRoutes
from simulator.control.browser_routes import BrowserRoutes
from simulator.control.clock_routes import ClockRoutes
from simulator.control.guard import ControlGuard
from simulator.control.mail_routes import MailRoutes
from simulator.control.phone_routes import PhoneRoutes
from simulator.control.server import ControlServer, build_app
from simulator.control.web_push_routes import WebPushControlRoutes
from simulator.control.webhook_routes import WebhookRoutes
from simulator.credentials import LOCAL
from simulator.mails.server import MailServer
from simulator.mails.sink import MailSink
from simulator.phones.client import GatewayClient
from simulator.phones.service import PhoneService
from simulator.phones.store import PhoneStore
from simulator.settings import SimulatorSettings
from simulator.web_push.agents import Agents
from simulator.web_push.autopush import Autopush
from simulator.web_push.http import WebPushRoutes
from simulator.web_push.kinds import Kind
from simulator.web_push.service import WebPushService
from simulator.webhooks.sink import WebhookSink

log = logging.getLogger(__name__)


async def serve(settings: SimulatorSettings, stop: StopRequest) -> None:
    """Runs the simulator until `stop`, then drains. Raises OSError if a port or the data folder cannot be used."""
    folder = settings.data_dir / "simulator"
    files = credentials.ensure(folder, settings.simulator_name)
    keys = {credentials.KEY_ID: files.public_provider_key()}
    directory = TokenDirectory(Channels(folder))
    service = ApnsService(credentials.BUNDLE_ID, ProviderTokens(keys, credentials.TEAM_ID), directory)
    apns = ApnsServer(service, files.tls_context("h2"))
    gateway = GatewayClient(settings.gateway_url)
    clock_file = ClockFile(folder)
    clock = clock_file.load()
    phones = PhoneService(credentials.BUNDLE_ID, PhoneStore(folder), gateway, directory, clock)
    web_push = WebPushService(clock)
    agents = Agents(folder, web_push.subscriptions)
    browsers = BrowserService(web_push, BrowserStore(folder), gateway, clock, f"{settings.gateway_url}/phone/")
    webhooks = WebhookRoutes(WebhookSink())
    mails = MailSink()
    mail_server = MailServer(mails)
    app = build_app(
        ApnsRoutes(service, apns).routes(),
        PhoneRoutes(phones).routes(),
        WebPushControlRoutes(web_push, agents).routes(),
        BrowserRoutes(browsers).routes(),
        ClockRoutes(clock, clock_file).routes(),
        webhooks.routes(),
        MailRoutes(mails).routes(),
    )
    control = ControlServer(ControlGuard(app, settings))
    sink = ControlServer(build_app(webhooks.public_routes()), files.tls_context())
    push_service = ControlServer(build_app(WebPushRoutes(web_push).routes(), Autopush(web_push, agents).routes()))
    host = settings.simulator_bind_host
    async with AsyncExitStack() as running:
        running.push_async_callback(gateway.close)
        await phones.start()
        running.push_async_callback(phones.stop)
        # Before the push service: it says of subscriptions that it does not know that there is none.
        await browsers.start()
        running.push_async_callback(browsers.stop)
        await asyncio.to_thread(agents.load)
        running.push_async_callback(agents.stop)
        web_push_port = await push_service.start(host, settings.webpush_simulator_port, settings.drain_seconds)
        running.push_async_callback(push_service.stop)
        web_push.origins = origins(settings, web_push_port)
        apns_port = await apns.start(host, settings.apns_simulator_port)
        running.push_async_callback(apns.stop, settings.drain_seconds)
        control_port = await control.start(host, settings.simulator_port, settings.drain_seconds)
        running.push_async_callback(control.stop)
        running.callback(phones.changes.close)
        running.callback(browsers.changes.close)
        sink_port = await sink.start(host, settings.webhook_simulator_port, settings.drain_seconds)
        running.push_async_callback(sink.stop)
        # The certificate's name, because clients must call that; `::1` itself, because a hosts file may not map the
        # name to it.
        sink_host = host if host == "::1" and settings.simulator_name == LOCAL else settings.simulator_name
        webhooks.sink_url = f"https://{join(sink_host, sink_port)}/webhooks"
        mail_port = await mail_server.start(host, settings.smtp_simulator_port)
        running.push_async_callback(mail_server.stop)
        log.info(
            "serving: control API on http://%s, APNs on %s, webhooks on https://%s, mails on %s, web push on http://%s",
            *(join(host, port) for port in (control_port, apns_port, sink_port, mail_port, web_push_port)),
        )
        await stop.wait()


def origins(settings: SimulatorSettings, port: int) -> dict[Kind, str]:
    """Where browsers' subscriptions lead. An iPhone's have a host of their own, so that SMITH_WEBPUSH_ALLOW can tell
    them from the others."""
    host, name = settings.simulator_bind_host, settings.simulator_name
    if name != LOCAL:
        usual, apples = f"http://{name}:{port}", f"http://apple.{name}:{port}"
    else:
        usual, apples = f"http://{join(reachable(host), port)}", f"http://{LOCAL}:{port}"
    return {kind: apples if kind is Kind.APPLE else usual for kind in Kind}
