"""What the app can decode of a Live Activity's state.

iOS decodes `content-state` with Swift's plain JSONDecoder: a required key that is missing, or a known key of the wrong
type, makes it drop the push without a word. Keys that the app does not know are ignored, null is as good as absent.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator


def _unicode(text: str) -> str:
    # JSON can spell halves of surrogate pairs, which are no text; the error that this raises is a ValueError.
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_unicode)]
Number = int | float
ActivityType = Literal["segmented_progress", "progress", "metrics", "counter", "timer", "countdown"]


class Decodable(BaseModel):
    """Something that is decoded as Swift does it."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="ignore", populate_by_name=True)


class Metric(Decodable):
    """A number with its name."""

    label: Text
    value: Number
    unit: Text | None = None


class Action(Decodable):
    """The card's button."""

    id: Annotated[Text, Field(min_length=1)]
    title: Text
    type: Literal["open_url", "webhook"]
    url: Text | None = None

    @model_validator(mode="after")
    def _open_url_has_a_url(self) -> "Action":
        if self.type == "open_url" and self.url is None:
            raise ValueError("open_url needs a url")
        return self


class ContentState(Decodable):
    """Everything that a card can show."""

    title: Text
    type: ActivityType
    subtitle: Text | None = None
    number_of_steps: int | None = None
    current_step: int | None = None
    percentage: Number | None = None
    value: Number | None = None
    upper_limit: Number | None = None
    metrics: list[Metric] | None = None
    color: Text | None = None
    step_color: Text | None = None
    step_colors: list[Text] | None = None
    action: Action | None = None

    def shown(self) -> dict[str, Any]:
        """The API's own keys, as far as they are there, without the button."""
        return self.model_dump(exclude_none=True, exclude={"action"})

    def actions(self) -> list[dict[str, Any]]:
        """The button, if there is one, as `{id, title, type, url?}`."""
        return [self.action.model_dump(exclude_none=True)] if self.action else []


def decode(value: Any) -> ContentState | None:
    """`value` as the app decodes it; None if it cannot."""
    try:
        return ContentState.model_validate(value)
    except ValidationError:
        return None
