"""What a path leads to is what a router that tries the templates in a row would find, and costs the same for each."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Match, Route

from gateway.paths import Paths
from gateway.routes import routes
from tests.examples import examples

TEMPLATES = list(dict.fromkeys(route.path for route in routes()))
"""Those of the API, literal parts first."""
IN_A_ROW = [(template, Route(template, endpoint=print)) for template in TEMPLATES]
PARTS = sorted({part for template in TEMPLATES for part in template.split("/")} | {"", "{}", "x", "é", "a b", "."})


def in_a_row(path: str) -> tuple[str, dict[str, str]] | None:
    for template, route in IN_A_ROW:
        match, found = route.matches({"type": "http", "method": "GET", "path": path})
        if match is not Match.NONE:
            return template, found["path_params"]
    return None


@settings(max_examples=examples(500), deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=7).map("/".join))
def test_any_path_leads_where_the_first_template_that_fits_leads(path: str) -> None:
    assert Paths({template: template for template in TEMPLATES}).find(path) == in_a_row(path)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("value", ["x", "{}", "0198c2f0-0000-7000-8000-000000000001"])
def test_every_template_is_found_by_a_path_of_its_form(template: str, value: str) -> None:
    path = "/".join(value if part.startswith("{") else part for part in template.split("/"))
    found = Paths({one: one for one in TEMPLATES}).find(path)
    assert found is not None
    assert found == in_a_row(path)


def test_a_field_is_never_empty_and_never_two_parts() -> None:
    paths = Paths({"/a/{x}": 1})
    assert paths.find("/a/b") == (1, {"x": "b"})
    assert paths.find("/a/") is None
    assert paths.find("/a/b/c") is None


@pytest.mark.parametrize("order", list(itertools.permutations(["/{x}/b/{y}", "/a/{x}/{y}", "/a/b/{x}", "/a/{x}/c"])))
def test_the_order_of_the_templates_does_not_matter(order: tuple[str, ...]) -> None:
    paths = Paths({template: template for template in order})
    assert paths.find("/a/b/c") == ("/a/b/{x}", {"x": "c"})
    assert paths.find("/a/z/c") == ("/a/{x}/c", {"x": "z"})
    assert paths.find("/a/z/z") == ("/a/{x}/{y}", {"x": "z", "y": "z"})
    assert paths.find("/z/b/z") == ("/{x}/b/{y}", {"x": "z", "y": "z"})


def test_two_templates_of_one_form_are_refused() -> None:
    with pytest.raises(ValueError, match="has the form of another path"):
        Paths({"/a/{x}": 1, "/a/{y}": 2})
