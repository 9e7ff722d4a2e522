"""The owners' web admin: pages over core's gRPC API.

How a page is written:

- `pages/<name>.py` has `create(site)` on top, which registers the page with `@site.page("/path", title="Title")`. Its
  builder is `async def name(visit: Visit, <path parameters>) -> None` and runs inside `theme.frame`.
- `visit.ask(visit.core.api_keys.ListApiKeys, ListApiKeysRequest())` calls core as the person who looks. It raises
  `Refused`, whose `message` is a sentence for that person. A builder, and a handler of a click, may let it pass:
  the page shows it. Catch it where it belongs to a field of a form.
- `visit.watch({EventType, ...}, refresh)` calls `refresh(events)` when something happened, at most four times a second.
  What `refresh` shows is a `Kept`, or another part of `components/kept.py`: it stays in place while it says the same.
- What is drawn comes from `components/`; words of the theme (classes, spacing, tones) from `static/theme.css`. Texts of
  users go into elements as text, never as HTML.
- The page is in the navigation if its path is in `site.NAVIGATION`.
"""
