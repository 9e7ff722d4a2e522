"""One HTTP/2 connection of a sender."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from h2.errors import ErrorCodes
from h2.events import ConnectionTerminated, DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from simulator.apns import answers
from simulator.apns.faults import ConnectionAction, Step
from simulator.apns.provider_token import ConnectionAuthority
from simulator.apns.rules import MAX_VOIP_BODY, Request, Verdict
from simulator.apns.service import ApnsService
from simulator.apns.settings_frames import StreamLimit, server_side
from simulator.sockets import reset_on_close

MAX_DISCARDED_BODY = 1024 * 1024
"""A sender that goes on sending a body far beyond the limit is cut off after this many bytes."""
WINDOW_STEP = 16 * 1024
"""Received bytes after which the connection's flow-control window is opened again."""


class ApnsConnection(asyncio.Protocol):
    """Speaks HTTP/2 with one sender, with the faults that are set.

    Without faults everything happens within `data_received`: no task, no timer, one write for all answers.
    """

    def __init__(self, number: int, service: ApnsService, connections: set["ApnsConnection"]) -> None:
        self.number = number
        self.last_activity = time.monotonic()
        self.lost = asyncio.Event()
        """Set once the connection is gone."""
        self._service = service
        self._connections = connections
        self._authority = ConnectionAuthority(service.provider_tokens)
        self._loop = asyncio.get_running_loop()
        self._open: dict[int, Request] = {}
        """Streams without an answer so far."""
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._waiting: dict[int, Callable[[], None]] = {}
        """What is done with a stream once its time has come."""
        self._received = 0
        self._greeted = False
        self._silent = False
        self._last_stream: int | None = None
        """After a GOAWAY: the highest stream that is still served."""
        self._close_after_rest = False
        self._flush_due = False
        self._h2 = server_side()
        self._limit = StreamLimit(self._h2)
        self._handlers: dict[type, Callable[[Any], None]] = {
            RequestReceived: self._on_request,
            DataReceived: self._on_data,
            StreamEnded: self._on_end,
            StreamReset: lambda event: self._settle(event.stream_id),
            ConnectionTerminated: lambda _: self._transport.close(),
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is ready: sends SETTINGS, now or as late as the faults say."""
        # uvloop's TLS transport does not derive from asyncio's class.
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        settings = self._service.faults.settings
        self._service.stats.connections_open += 1
        self._service.stats.connections_opened += 1
        if settings.mute_settings:
            self._silent = True
        elif settings.first_settings_delay_seconds:
            self._transport.pause_reading()
            self._timers[0] = self._loop.call_later(settings.first_settings_delay_seconds, self._greet_late)
        else:
            self._greet()

    def data_received(self, data: bytes) -> None:
        """Handles all frames in `data` and answers them with one write."""
        self.last_activity = time.monotonic()
        if self._silent:
            return
        try:
            for event in self._h2.receive_data(data):
                handler = self._handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except ProtocolError:
            self._give_up()
            return
        self._flush()

    def pause_writing(self) -> None:
        """The sender does not read its answers: stop reading its requests."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The sender reads again."""
        self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Drops the unsent answers of this sender."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._service.stats.streams_open -= len(self._open)
        self._service.stats.connections_open -= 1
        self._open.clear()
        self._connections.discard(self)
        self.lost.set()

    # HTTP/2 events.

    def _on_request(self, event: RequestReceived) -> None:
        if self._last_stream is not None and event.stream_id > self._last_stream:
            return
        headers = dict(event.headers)
        self._open[event.stream_id] = Request(headers, repeated=len(headers) != len(event.headers))
        stats = self._service.stats
        stats.streams_open += 1
        stats.peak_streams = max(stats.peak_streams, len(self._open))

    def _on_data(self, event: DataReceived) -> None:
        request = self._open.get(event.stream_id)
        if request is not None:
            request.length += len(event.data)
            if len(request.body) <= MAX_VOIP_BODY:
                request.body = request.body + event.data if request.body else event.data
        self._reopen_windows(event)
        if request is not None and request.length > MAX_DISCARDED_BODY:
            self._process(event.stream_id)
            self._h2.reset_stream(event.stream_id, ErrorCodes.NO_ERROR)

    def _on_end(self, event: StreamEnded) -> None:
        stream = event.stream_id
        if stream not in self._open:
            return
        delay = self._service.faults.latency()
        if delay:
            self._do_late(stream, delay, partial(self._process_late, stream))
        else:
            self._process(stream)

    # Requests.

    def _do_late(self, stream: int, delay: float, do: Callable[[], None]) -> None:
        self._waiting[stream] = do
        self._timers[stream] = self._loop.call_later(delay, do)

    def _forget_timer(self, stream: int) -> None:
        self._waiting.pop(stream, None)
        timer = self._timers.pop(stream, None)
        if timer is not None:
            timer.cancel()

    def _process_late(self, stream: int) -> None:
        if not self._transport.is_closing():
            self._process(stream)
            self._flush_soon()

    def _process(self, stream: int) -> None:
        service, request = self._service, self._open[stream]
        self._forget_timer(stream)
        service.classify(request)
        step = service.faults.next_step(request.token)
        verdict = service.judge(request, self._authority, step)
        if step is not None and step.action in ("mute", "reset"):
            service.record(self.number, stream, request, None)
            if step.action == "reset":
                self._h2.reset_stream(stream, ErrorCodes[step.code])
                self._settle(stream)
            return
        apns_id = service.settle(request, verdict)
        service.record(self.number, stream, request, verdict)
        if step is not None and step.delay_seconds:
            self._do_late(stream, step.delay_seconds, partial(self._answer_late, stream, verdict, apns_id, step))
        else:
            self._answer(stream, verdict, apns_id, step)

    def _answer_late(self, stream: int, verdict: Verdict, apns_id: bytes, step: Step | None) -> None:
        self._forget_timer(stream)
        if not self._transport.is_closing():
            self._answer(stream, verdict, apns_id, step)
            self._flush_soon()

    def _answer(self, stream: int, verdict: Verdict, apns_id: bytes, step: Step | None) -> None:
        settings, known = self._service.faults.settings, self._authority.current is not None
        if settings.settings_before_answer:
            self._limit.adapt(verdict, settings, known=known)
        try:
            id_header = self._open[stream].id_header
            answers.send(self._h2, stream, verdict, apns_id, step or answers.PLAIN, id_header=id_header)
        except ProtocolError:
            self._give_up()
            return
        if step is not None and step.action == "duplicate":
            self._flush()
            self._transport.write(answers.repeated_headers(self._h2, stream, verdict, apns_id))
        if not settings.settings_before_answer:
            self._limit.adapt(verdict, settings, known=known)
        self._settle(stream)

    def _settle(self, stream: int) -> None:
        self._forget_timer(stream)
        if self._open.pop(stream, None) is not None:
            self._service.stats.streams_open -= 1
        if self._close_after_rest and not self._open:
            self._flush()
            self._transport.close()

    # The connection itself.

    def act(self, action: ConnectionAction) -> None:
        """Does `action` to this connection, at once."""
        if self._transport.is_closing():
            return
        if action.action == "answer":
            # One that has waited for its verdict may wait for its answer next.
            while self._waiting:
                self._waiting.pop(next(iter(self._waiting)))()
        elif action.action == "reset" or not self._greeted:
            self.abort()
        elif action.action == "silence":
            self._silent = True
        elif action.action == "set_streams":
            self._limit.set(action.value)
            self._flush()
        else:
            self._go_away(action)

    def abort(self) -> None:
        """Resets the TCP connection (RST)."""
        reset_on_close(self._transport.get_extra_info("socket"))
        self._transport.abort()

    def close_idle(self) -> None:
        """Tells the sender that it was idle for too long, and closes. Not while an answer is missing."""
        if self._open or self._transport.is_closing():
            return
        self._go_away(ConnectionAction(action="goaway", reason="IdleTimeout"))

    def _go_away(self, action: ConnectionAction) -> None:
        waiting = sorted(self._open)
        if action.last_stream == "none":
            last = 0
        elif action.last_stream == "half" and waiting:
            last = waiting[(len(waiting) - 1) // 2]
        else:
            last = self._h2.highest_inbound_stream_id
        self._flush()
        self._transport.write(answers.goaway(last, action.reason))
        self._last_stream = last
        self._close_after_rest = action.close
        for stream in waiting:
            if stream > last or not action.answer_rest:
                self._settle(stream)
        if action.close and not self._open:
            self._transport.close()

    def _give_up(self) -> None:
        self._service.stats.protocol_errors += 1
        self._flush()
        self._transport.close()

    def _greet_late(self) -> None:
        self._timers.pop(0, None)
        self._greet()
        self._transport.resume_reading()

    def _greet(self) -> None:
        self._greeted = True
        self._limit.greet(self._service.faults.settings)
        self._flush()

    def _reopen_windows(self, event: DataReceived) -> None:
        if self._service.faults.settings.withhold_window_updates:
            return
        length = event.flow_controlled_length or 0
        self._received += length
        if self._received >= WINDOW_STEP:
            self._h2.increment_flow_control_window(self._received)
            self._received = 0
        if length and event.stream_ended is None:
            self._h2.increment_flow_control_window(length, event.stream_id)

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        if self._silent:
            return
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)
