"""Backends of the state machine test: they call the server, check its answers, and note what was promised."""

import concurrent.futures
import itertools
from typing import Any

from tests.e2e.machine_model import Activity, Look, Stream, look
from tests.e2e.machine_world import Answer, World

ROOM = 5
"""Activities that iOS lets be alive at once on a phone."""


class Backend:
    """What was promised to whom."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.activities: dict[str, Activity] = {}
        self.streams: dict[str, Stream] = {}
        self.uncertain: list[tuple[dict[str, Any], str | None]] = []
        """Starts without an answer: body and channel."""
        self._numbers = itertools.count(1)

    # --- reading ---

    @property
    def alive(self) -> list[Activity]:
        """Those that have not ended."""
        return [one for one in self.activities.values() if not one.ended]

    @property
    def counted(self) -> int:
        """How many count against the account's limit."""
        return sum(one.counts for one in self.activities.values())

    def has_room(self, channel: str | None) -> bool:
        """Whether one more would be shown by all phones, whatever has become of those that have ended."""
        targets = self.world.targets(channel)
        return all(
            sum(name in one.targets and not one.over for one in self.activities.values()) < ROOM for name in targets
        )

    def number(self) -> int:
        """Another with every call."""
        return next(self._numbers)

    def path(self, key: str) -> str:
        """The stream's; no two walks share streams."""
        return f"/api/live-activity/stream/{self.world.walk}-{key}"

    # --- activities ---

    def start(self, body: dict[str, Any], channel: str | None) -> None:
        """Starts an activity; `body` has a title that no other has."""
        sent = body if channel is None else {**body, "target": {"channels": [self.world.slugs[channel]]}}
        self.world.note(f"start for {channel}: {body}")
        answer = self.world.call_once("POST", "/api/live-activity/start", sent)
        if answer is None:
            self._find_start(body, channel)
            return
        assert answer.status == 200, answer
        activity = self._begin(answer.body["activity_id"], body, channel, None)
        self._check_counts(answer, activity)

    def _begin(self, activity_id: str, body: dict[str, Any], channel: str | None, present: Look | None) -> Activity:
        assert activity_id not in self.activities
        assert len(activity_id) == 32
        activity = Activity(activity_id, self.world.targets(channel), [look(body, present)])
        self.activities[activity_id] = activity
        return activity

    def _find_start(self, body: dict[str, Any], channel: str | None) -> None:
        """What became of a start without an answer."""
        name, title = min(self.world.targets(channel)), body["content_state"]["title"]
        found = [one for one in self.world.state(name) if one["content_state"]["title"] == title]
        self.world.note(f"  the start was {'' if found else 'not '}carried out")
        if found:
            self._begin(found[0]["activity_id"], body, channel, None)
        else:
            self.uncertain.append((body, channel))

    def adopt(self, card: dict[str, Any]) -> bool:
        """Whether an unknown card is that of a start without an answer that was carried out after all."""
        for body, channel in self.uncertain:
            if card["content_state"]["title"] == body["content_state"]["title"]:
                self.uncertain.remove((body, channel))
                self._begin(card["activity_id"], body, channel, None)
                return True
        return False

    def update(self, activity: Activity, body: dict[str, Any]) -> None:
        """Updates an activity that has not ended."""
        self.world.note(f"update {activity.id[:6]}: {body}")
        answer = self.world.call("POST", "/api/live-activity/update", {"activity_id": activity.id, **body})
        assert answer.status == 200, answer
        activity.looks = [look(body, activity.look)]
        self._check_counts(answer, activity)

    def end(self, activity: Activity, body: dict[str, Any]) -> None:
        """Ends an activity, which may have ended before."""
        self.world.note(f"end {activity.id[:6]}: {body}")
        answer = self.world.call("POST", "/api/live-activity/end", {"activity_id": activity.id, **body})
        assert answer.status == 200, answer
        if activity.ended:
            assert answer.body.get("ignored") is True, answer
            return
        assert answer.attempts > 1 or "ignored" not in answer.body, answer
        last = look(body, activity.look)
        self._check_end(answer, activity)
        activity.looks = [last]
        activity.end(answer.began, answer.answered, after=last.dismiss_after)

    def refuse_update(self, activity: Activity, body: dict[str, Any]) -> None:
        """Tries to update an activity that has ended."""
        answer = self.world.call("POST", "/api/live-activity/update", {"activity_id": activity.id, **body})
        assert answer.status == 400, answer

    # --- streams ---

    def put(self, key: str, body: dict[str, Any], channel: str | None) -> None:
        """Says what a stream should show."""
        self.world.note(f"put {key} for {channel}: {body}")
        self.put_answered(self._put(key, body, channel), key, body, channel)

    def _put(self, key: str, body: dict[str, Any], channel: str | None) -> Answer:
        sent = body if channel is None else {**body, "channels": [self.world.slugs[channel]]}
        return self.world.call("PUT", self.path(key), sent)

    def put_answered(self, answer: Answer, key: str, body: dict[str, Any], channel: str | None) -> None:
        """Checks the answer to a PUT and notes what it has promised."""
        assert answer.status == 200, answer
        stream = self.streams.get(key)
        before = stream.activity if stream else None
        after = look(body, stream.present if stream else None)
        expected = stream.expected(after, channel, alerting="alert" in body) if stream else "started"
        operation = answer.body["operation"]
        certain = answer.attempts == 1 and (before is None or len(before.looks) == 1)
        assert operation == expected or not certain, (expected, answer)
        stream = self.streams.setdefault(key, Stream(key, channel))
        stream.channel = channel
        if expected == "paused":
            assert operation == "paused", answer
            assert answer.body["activity_id"] is None
            stream.held, stream.undecided = after, []
            return
        activity_id = answer.body["activity_id"]
        if before is not None and before.id == activity_id:
            assert expected in ("noop", "updated"), (expected, answer)
            before.looks = [after]
            if operation == "updated":
                self._check_counts(answer, before)
            return
        assert expected in ("started", "rotated"), (expected, answer)
        stream.activity = self._begin(activity_id, body, channel, stream.present)
        stream.activity.stream = key
        if before is not None and expected == "rotated":
            assert operation != "rotated" or answer.body["previous_activity_id"] == before.id, answer
            before.end(answer.began, answer.answered, after=0)
        if operation in ("started", "rotated"):
            self._check_counts(answer, stream.activity)

    def put_at_once(self, key: str, bodies: list[dict[str, Any]], channel: str | None) -> None:
        """Several PUTs of one type at the same instant. Any may be the last; the server says which."""
        self.world.note(f"put {key} {len(bodies)} times at once")
        with concurrent.futures.ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(lambda body: self._put(key, body, channel), bodies))
        assert len({answer.body["activity_id"] for answer in answers}) == 1, answers
        operations = [answer.body["operation"] for answer in answers]
        assert operations.count("started") + operations.count("rotated") <= 1, answers
        first = next((n for n, one in enumerate(operations) if one in ("started", "rotated")), 0)
        present = self.streams[key].present if key in self.streams else None
        certain = Answer(**{**vars(answers[first]), "attempts": 2})
        self.put_answered(certain, key, bodies[first], channel)
        stream, looks = self.streams[key], [look(body, present) for body in bodies]
        self._settle(stream, looks)

    def _settle(self, stream: Stream, looks: list[Look]) -> None:
        if stream.held is not None or stream.activity is None:
            # What it will show is seen when it is resumed.
            stream.undecided = looks
            return
        stream.activity.looks = looks
        for name in sorted(stream.activity.targets):
            for described in self.world.state(name):
                if described["activity_id"] == stream.activity.id:
                    stream.activity.looks = [one for one in looks if one.same_state(described["content_state"])]
                    assert stream.activity.looks, (described, looks)
                    return

    def delete(self, key: str, body: dict[str, Any] | None) -> None:
        """Ends a stream."""
        self.world.note(f"delete {key}: {body}")
        answer = self.world.call("DELETE", self.path(key), body)
        stream = self.streams.pop(key, None)
        if stream is None or (answer.attempts > 1 and answer.status == 404):
            assert answer.status == 404, answer
        else:
            assert answer.status == 200, answer
        activity = stream.activity if stream else None
        if activity is None or activity.ended:
            assert answer.status == 404 or answer.body["activity_id"] is None, answer
            return
        if answer.status == 200:
            assert answer.body["activity_id"] == activity.id, answer
            self._check_end(answer, activity)
        last = look(body, activity.look) if body else activity.look
        activity.looks = [last] if body else activity.looks
        activity.end(answer.began, answer.answered, after=last.dismiss_after)

    def pause(self, key: str) -> None:
        """The owner pauses a stream that exists."""
        self.world.note(f"pause {key}")
        answer = self.world.call("POST", f"{self.path(key)}/pause", {}, owner=True)
        assert answer.status == 200, answer
        stream = self.streams[key]
        activity = stream.activity
        if stream.held is not None or activity is None:
            return
        assert answer.attempts > 1 or answer.body["activity_id"] == (None if activity.ended else activity.id), answer
        stream.held, stream.undecided = activity.look, activity.looks if len(activity.looks) > 1 else []
        if not activity.ended:
            activity.end(answer.began, answer.answered, after=0)

    def resume(self, key: str) -> None:
        """The owner resumes a stream that exists."""
        self.world.note(f"resume {key}")
        answer = self.world.call("POST", f"{self.path(key)}/resume", {}, owner=True)
        assert answer.status == 200, answer
        stream = self.streams[key]
        if stream.held is None:
            active = stream.activity if stream.activity and not stream.activity.ended else None
            assert answer.body["activity_id"] == (active.id if active else None), answer
            return
        activity_id = answer.body["activity_id"]
        assert activity_id is not None, answer
        assert activity_id not in self.activities, answer
        stream.activity = Activity(activity_id, self.world.targets(stream.channel), [stream.held], key)
        self.activities[activity_id] = stream.activity
        looks = stream.undecided or [stream.held]
        stream.held, stream.undecided = None, []
        self._settle(stream, looks)

    # --- counts ---

    def _check_counts(self, answer: Answer, activity: Activity) -> None:
        notified, queued = answer.body["devices_notified"], answer.body.get("devices_queued", 0)
        reachable, targets = len(activity.targets - activity.dismissed), len(activity.targets)
        assert reachable <= notified + queued <= targets, (answer, activity)
        assert answer.body.get("users_notified", 1) == (1 if notified else answer.body.get("users_notified", 1)), answer

    def _check_end(self, answer: Answer, activity: Activity) -> None:
        """A phone that the activity has not reached is owed no end."""
        if "ignored" in answer.body:
            return
        notified, queued = answer.body["devices_notified"], answer.body["devices_queued"]
        shown, targets = len(activity.seen - activity.dismissed), len(activity.targets)
        assert shown <= notified + queued <= targets, (answer, activity)
