"""A team whose phones are told of Live Activities by broadcast, with a server that does so."""

from typing import Any

from tests.core.live_rig import Rig, RigPhone, Team, step
from tests.waiting import eventually_async

ABOVE = 2
"""Phones that get their pushes by tokens still; one more, and the activity is broadcast."""
SETTINGS: dict[str, Any] = {"broadcast_above_devices": ABOVE, "max_live_activities": 50}
"""Fields of CoreSettings."""


class Crowd:
    """A team, and its phones."""

    def __init__(self, team: Team, phones: list[RigPhone]) -> None:
        self.team = team
        self.rig = team.rig
        self.backend = team.backend
        self.phones = phones

    async def start(self, number: int = 1) -> str:
        """An activity that all phones show and listen to."""
        activity_id: str = (await self.backend.StartLiveActivity(content_state=step(number))).activity_id
        await self.listening(activity_id)
        return activity_id

    async def listening(self, activity_id: str) -> None:
        """Returns once every phone listens, and core knows that it does."""
        for phone in self.phones:
            await phone.until("it listens", lambda cards: activity_id in cards and cards[activity_id]["channel_id"])
        await self.accepted(activity_id)

    async def accepted(self, activity_id: str) -> None:
        """Returns once APNs has accepted every start."""

        async def known() -> bool:
            return all([(await phone.held(activity_id))[0] == "started" for phone in self.phones])

        await eventually_async("core knows that the starts were accepted", known)

    async def shows(self, activity_id: str, number: int) -> None:
        """Returns once every phone shows this step."""
        for phone in self.phones:
            await phone.until(
                f"it shows step {number}",
                lambda cards: activity_id in cards and cards[activity_id]["content_state"]["current_step"] == number,
            )

    async def update(self, activity_id: str, number: int, **other: Any) -> Any:
        """The answer to an update."""
        return await self.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(number), **other)

    async def stats(self) -> dict[str, int]:
        """The counters of the simulated APNs."""
        return await self.rig.control("GET", "/apns/stats")

    async def rests(self) -> None:
        """Returns once nothing of the team is to be broadcast any more, so that the next test counts its own pushes.
        What waits to be tried again is dropped."""

        async def nothing_is_owed() -> bool:
            await self.rig.core.sql(
                "UPDATE live_activity_broadcasts SET next_at = NULL"
                " WHERE account_id = %s AND state = 'open' AND NOT leased AND failures > 0",
                self.team.account.id,
            )
            return not await self.rig.core.sql(
                "SELECT 1 FROM live_activity_broadcasts"
                " WHERE account_id = %s AND state IN ('open', 'closing') AND (next_at IS NOT NULL OR leased)",
                self.team.account.id,
            )

        await eventually_async("nothing is owed to the team by broadcast", nothing_is_owed)

    async def rows(self, activity_id: str) -> list[tuple[Any, ...]]:
        """The activity's broadcasts: state, and whether something is owed."""
        return await self.rig.core.sql(
            "SELECT state, next_at IS NOT NULL FROM live_activity_broadcasts WHERE activity_id = %s", activity_id
        )


async def crowd_of(server: Rig) -> Crowd:
    """A new team with just as many phones of iOS 18 as are broadcast to, and an APNs that has seen nothing."""
    for path in ("/apns/faults", "/apns/stats", "/apns/requests"):
        await server.control("DELETE", path)
    team = await server.team()
    return Crowd(team, [team.phone, *[await server.phone(team.account) for _ in range(ABOVE)]])
