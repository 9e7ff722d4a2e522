"""Why an action is not run."""

from service_kit.errors import InvalidRequest


class NotAWebhook(InvalidRequest):
    """The action opens a URL on the phone: there is no webhook to call."""

    def __init__(self) -> None:
        super().__init__("action_id must name a webhook action; this one opens a URL on the phone")
