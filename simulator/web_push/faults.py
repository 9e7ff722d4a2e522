"""Ways in which the push service misbehaves on demand."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.web_push.kinds import Kind

MAX_FAULTS = 1000


class PushFault(BaseModel):
    """The fault of some requests."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Kind | None = None
    """Only requests for browsers of this kind; None: for all."""
    status: Annotated[int, Field(ge=200, le=599, strict=True)] | None = None
    """Answers with this status, without regard to the checks, and delivers nothing but with 201. None: as usual."""
    reason: Annotated[str, Field(max_length=200)] | None = None
    retry_after: Annotated[str, Field(max_length=100, pattern=r"^[\x20-\x7e]*$")] | None = None
    """The Retry-After header: seconds, or a date."""
    location: Annotated[str, Field(max_length=2000, pattern=r"^[\x21-\x7e]*$")] | None = None
    """The Location header, for statuses that redirect."""
    delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """The request is carried out at once and answered this much later."""
    action: Literal["cut"] | None = None
    """`cut` carries the request out and closes the connection without an answer."""
    count: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    """How many requests it is for; None: for all, until it is removed."""


class FaultChange(BaseModel):
    """Faults that are added."""

    model_config = ConfigDict(extra="forbid")

    faults: Annotated[list[PushFault], Field(max_length=MAX_FAULTS)]


class PushFaults:
    """The faults in force, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._faults: list[PushFault] = []

    def add(self, change: FaultChange) -> None:
        """Adds faults. Raises ValueError if there are too many."""
        if len(self._faults) + len(change.faults) > MAX_FAULTS:
            raise ValueError(f"at most {MAX_FAULTS} faults; DELETE /web-push/faults removes them")
        self._faults += change.faults

    def reset(self) -> None:
        """Removes all."""
        self._faults = []

    def all(self) -> list[PushFault]:
        """Those in force, with what is left of their counts."""
        return list(self._faults)

    def next(self, kind: Kind) -> PushFault | None:
        """The fault of the next request for a browser of this kind, which uses up one of its count."""
        for place, fault in enumerate(self._faults):
            if fault.kind in (None, kind):
                if fault.count == 1:
                    del self._faults[place]
                elif fault.count is not None:
                    self._faults[place] = fault.model_copy(update={"count": fault.count - 1})
                return fault
        return None
