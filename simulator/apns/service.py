"""APNs without its connections: checks requests, counts them and hands accepted pushes to devices."""

import time
import uuid

from simulator.apns import channel_rules
from simulator.apns.accepted_push import AcceptedPush
from simulator.apns.channel_rules import BROADCASTS, MANAGEMENT, ChannelPolicy
from simulator.apns.directory import TokenDirectory
from simulator.apns.faults import Faults, Step
from simulator.apns.provider_token import ConnectionAuthority, ProviderTokens
from simulator.apns.request_log import Entry, RequestLog
from simulator.apns.rules import WRONG_TOKEN, Policy, Request, Verdict, judge
from simulator.apns.stats import Stats

MAX_COUNTED_TOKENS = 200_000
OF_CHANNELS = frozenset((BROADCASTS, MANAGEMENT))


class RateCap:
    """Counts requests per token within the current minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    def exceeded(self, token: str, cap: int) -> bool:
        """Whether this request is one more than `cap` in this minute of the clock."""
        minute = int(time.monotonic() // 60)
        if minute != self._minute or len(self._counts) >= MAX_COUNTED_TOKENS:
            self._minute, self._counts = minute, {}
        count = self._counts[token] = self._counts.get(token, 0) + 1
        return count > cap


class ApnsService:
    """The part that all connections share."""

    def __init__(self, bundle_id: str, provider_tokens: ProviderTokens, directory: TokenDirectory) -> None:
        self.provider_tokens = provider_tokens
        self.directory = directory
        self.faults = Faults()
        self.stats = Stats()
        self.log = RequestLog()
        self._bundle_id = bundle_id.encode()
        self._rate_cap = RateCap()

    def judge(self, request: Request, authority: ConnectionAuthority, step: Step | None) -> Verdict:
        """The answer to `request` on a connection with `authority`; `step` may override the checks."""
        settings = self.faults.settings
        request.auth_problem = self._auth_problem(request, authority)
        if request.token in OF_CHANNELS:
            return self._judge_of_channels(request, step)
        request.entry = self.directory.find(request.token)
        verdict = judge(request, Policy(self._bundle_id, settings.accept_unknown_tokens))
        if settings.wrong_environment and verdict.status in (200, 410):
            verdict = WRONG_TOKEN
        cap = settings.rate_cap_per_token_per_minute
        if cap is not None and verdict.status == 200 and self._rate_cap.exceeded(request.token, cap):
            verdict = Verdict(429, "TooManyRequests")
        if step is not None and step.status is not None:
            verdict = Verdict(step.status, step.reason, step.timestamp)
        return verdict

    def classify(self, request: Request) -> None:
        """Names requests for broadcast channels, which have no token. To be called before anything else."""
        if not request.token and (kind := channel_rules.kind_of(request.headers.get(b":path", b""))):
            request.token, request.id_header = kind, b"apns-request-id"

    def _judge_of_channels(self, request: Request, step: Step | None) -> Verdict:
        if step is not None and (step.status is not None or step.action in ("mute", "reset")):
            # Nothing is made or deleted by a request that fails.
            return Verdict(step.status or 200, step.reason, step.timestamp)
        settings = self.faults.settings
        policy = ChannelPolicy(self._bundle_id, settings.broadcast_enabled, settings.max_channels)
        verdict = channel_rules.judge(request, policy, self.directory.channels)
        self.stats.channels_created += verdict.status == 201
        self.stats.channels_deleted += verdict.status == 204
        cap = settings.rate_cap_per_token_per_minute
        channel_id = channel_rules.channel_of(request)
        if cap is not None and verdict.status == 200 and self._rate_cap.exceeded(channel_id, cap):
            verdict = Verdict(429, "TooManyRequests")
        return verdict

    def settle(self, request: Request, verdict: Verdict) -> bytes:
        """Counts the verdict and, if it is 200, hands the push to its device. Returns the answer's `apns-id`."""
        apns_id = request.headers.get(request.id_header) or str(uuid.uuid4()).encode()
        if request.token == MANAGEMENT:
            return apns_id
        if verdict.status != 200:
            self.stats.rejected += 1
            return apns_id
        text = apns_id.decode("ascii", "replace")
        if request.token == BROADCASTS:
            self._broadcast(request, text)
            return apns_id
        self.stats.count_accepted(text)
        if request.push_type == b"liveactivity":
            self.stats.live_activities.count(request.token, request.entry, request.document.get("aps"))
        if request.entry is not None and request.document:
            request.entry.recipient.receive(request.token, _accepted(request, text))
        return apns_id

    def _broadcast(self, request: Request, request_id: str) -> None:
        self.stats.count_accepted(request_id)
        self.stats.broadcasts += 1
        channel_id = channel_rules.channel_of(request)
        self.stats.live_activities.count(channel_id, None, request.document.get("aps"))
        if request.document:
            self.directory.channels.broadcast(channel_id, _accepted(request, request_id))

    def record(self, connection: int, stream: int, request: Request, verdict: Verdict | None) -> None:
        """Logs the request and its answer (None: there is none)."""
        if self.faults.settings.log_requests:
            status, reason = (None, None) if verdict is None else (verdict.status, verdict.reason)
            # The log lives longer than the request: store only what it shows.
            request.entry, request.document = None, {}
            self.log.add(Entry(connection, stream, request, status, reason, time.time()))

    def _auth_problem(self, request: Request, authority: ConnectionAuthority) -> tuple[int, str] | None:
        settings = self.faults.settings
        if settings.revoke_key:
            return 403, "InvalidProviderToken"
        if authority.expired and settings.wedge_after_expired_token:
            return 403, "ExpiredProviderToken"
        before = authority.current
        problem = authority.problem(request.headers.get(b"authorization"), time.time() + settings.clock_offset_seconds)
        if authority.current is not before and authority.current is not None:
            self.stats.count_provider_token(authority.current.digest)
        return problem


def _accepted(request: Request, apns_id: str) -> AcceptedPush:
    headers = request.headers
    collapse_id = headers.get(b"apns-collapse-id")
    expiration = headers.get(b"apns-expiration")
    return AcceptedPush(
        apns_id=apns_id,
        push_type=request.push_type.decode(),
        collapse_id=collapse_id.decode("utf-8", "replace") if collapse_id else None,
        expiration=int(expiration) if expiration is not None else None,
        priority=int(headers.get(b"apns-priority", b"10")),
        body=request.body,
        document=request.document,
    )
