"""Where a request of good form is refused all the same."""

EXCEPTIONS = {
    "page_token must be the next_page_token of the page before": "only what the server itself has made is one",
    "exactly one of notification_id, activity_id and stream_key": "OpenAPI relates no parameters to each other",
    "there is no channel with the slug": "which channels there are is the account's",
    "must be the slug of a channel in the account": "which channels there are is the account's",
    "must be the id of an API key of the account": "which keys there are is the account's",
    "must be the id of a device of the account": "which devices there are is the account's",
    "has ended and cannot be updated": "whether it has is no matter of form",
    "content_state.type is required": "required of a stream that has had none",
    "content_state.number_of_steps is required for type": "required of a stream that has had none",
    "content_state.current_step must be at most number_of_steps": "JSON Schema compares no values",
    "action_id must name a webhook action": "what an action does is no matter of form",
    "content_state.current_step is required for type": "the type is the present one",
    "with upper_limit, is required for type progress": "the type is the present one",
    "content_state.metrics must contain at least one metric for type": "the type is the present one",
    "channels must be empty unless scope is": "the scope is the key's present one, or the default",
    "channels must name at least one channel if scope is": "the scope is the key's present one",
    "name must be 1 to 100 characters": "to Python U+001C to U+001F are white space, and to regular expressions not",
    "must not be blank": "the same",
    "channels and target.channels must name the same channels": "JSON Schema compares no values",
}
"""Answers to good requests that the description cannot foretell, by what they say, each with the reason."""
