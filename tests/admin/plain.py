"""What people see on the plain pages before signing in."""

import re
from html import unescape

import httpx

TAG = re.compile(r"<[^<>]*>")


def shown(answer: httpx.Response) -> str:
    """The text of the page, its white space as single spaces."""
    body = answer.text.partition("<body")[2]
    return " ".join(unescape(TAG.sub(" ", "<body" + body)).split())


def faults(answer: httpx.Response) -> dict[str, str]:
    """What the page says is wrong, by the name of the field that it stands at; at `""` what is about no field."""
    at_fields = re.findall(r'class="form-fault" id="(\w+)-fault">([^<]*)<', answer.text)
    marked = re.findall(r'<input [^>]*name="(\w+)"[^>]*aria-invalid="true"', answer.text)
    assert {name for name, _ in at_fields} == set(marked), "a field and what is wrong with it go together"
    of_form = re.findall(
        r'<div class="notice notice-bad" role="alert">.*?<p class="notice-text">([^<]*)<', answer.text, re.DOTALL
    )
    return {name: unescape(words) for name, words in [*at_fields, *(("", words) for words in of_form)]}


def typed(answer: httpx.Response) -> dict[str, str]:
    """What stands in the fields of the page's form."""
    inputs = re.findall(r"<input ([^>]*)>", answer.text)
    found = ((re.search(r'name="(\w+)"', one), re.search(r'value="([^"]*)"', one)) for one in inputs)
    return {name[1]: unescape(value[1]) if value else "" for name, value in found if name}
