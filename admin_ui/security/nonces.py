"""Gives the scripts and styles of NiceGUI's page template the nonce of the page, and nothing else on it.

The template's source is changed, not the page that it makes: markup that an attacker might get into a page has no
nonce.
"""

import re

from jinja2 import ChoiceLoader, DictLoader
from nicegui import client

from admin_ui.security.headers import NONCE_KEY

NONCE = f"request.scope.get('{NONCE_KEY}', '')"
TEMPLATE = "index.html"
BODY = "{{ body_html | safe }}"
BODY_WITH_NONCE = f"""{{{{ body_html.replace('<style>', '<style nonce="' ~ {NONCE} ~ '">', 1) | safe }}}}"""
"""The template's body, which begins with the styles of NiceGUI's components."""
HIDING = 'style="display: none"'
"""Nonces are for elements; attributes that style have none."""


def prepare() -> None:
    """Changes NiceGUI's template so that pages carry nonces. Calling it again changes nothing.

    Raises ValueError if NiceGUI's template is not the expected one.
    """
    environment = client.templates.env
    loader = environment.loader
    if loader is None or isinstance(loader, ChoiceLoader):
        return
    source, _, _ = loader.get_source(environment, TEMPLATE)
    environment.loader = ChoiceLoader([DictLoader({TEMPLATE: stamped(source)}), loader])


def stamped(source: str) -> str:
    """The template with nonces. Raises ValueError if it lacks a part that must be changed."""
    source, count = re.subn(r"<(script|style)(?=[\s>])", rf'<\1 nonce="{{{{ {NONCE} }}}}"', source)
    if not count or source.count(BODY) != 1 or source.count(HIDING) != 1:
        raise ValueError("the page template of this version of NiceGUI is not the expected one")
    return source.replace(BODY, BODY_WITH_NONCE).replace(HIDING, "hidden")
