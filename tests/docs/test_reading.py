"""What the tests of the documents notice: were they blind, every document would be right."""

from typing import Any

import pytest

from tests.docs.answers import differences, documents, parse_pattern, same_text
from tests.docs.swift import Decoding, SwiftTypes

CARD = """
struct Card: Codable {
    struct Metric: Codable, Hashable { // one line
        var label: String
        var value: Double?
    }

    var currentStep: Int
    var metrics: [Metric]?

    enum CodingKeys: String, CodingKey {
        case currentStep = "current_step"
        case metrics
    }
}
"""


@pytest.mark.parametrize(
    ("said", "real"),
    [
        ('{"a": 1}', {"a": 2}),
        ('{"a": 1}', {"a": "1"}),
        ('{"a": 1}', {"a": True}),
        ('{"a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, "b": …}', {"a": 1}),
        ('{"a": null}', {"a": 0}),
        ('{"a": "2026-11-23T12:00:00.000Z"}', {"a": "yesterday"}),
        ('{"a": 1795452716}', {"a": 1795452716000}),
        ('{"a": [1]}', {"a": [1, 2]}),
        ('{"a": [1, …]}', {"a": []}),
    ],
)
def test_an_answer_that_is_not_as_shown_is_noticed(said: str, real: Any) -> None:
    assert list(differences(parse_pattern(said), real))


@pytest.mark.parametrize(
    ("said", "real"),
    [
        ('{"a": "…", …}', {"a": "x", "b": 2}),
        ('{"a": "dev_…"}', {"a": "dev_x"}),
        ('{"a": …}', {"a": {"b": 1}}),
        ("{…}", {"a": 1}),
        ('{"a": [1, …]}', {"a": [1, 2, 3]}),
        ('{"a": 42}', {"a": 42.0}),
        ('{"a": "2026-11-23T12:00:00.000Z"}', {"a": "2030-01-01T00:00:00Z"}),
        ('{"a": 1795452716}', {"a": 1800000000}),
    ],
)
def test_an_answer_that_is_as_shown_is_right(said: str, real: Any) -> None:
    assert list(differences(parse_pattern(said), real)) == []


def test_the_last_of_several_answers_is_found_between_other_lines() -> None:
    assert documents('note {\n{"a": {"b": 1}}{"c": 2}\ndone') == [{"a": {"b": 1}}, {"c": 2}]


def test_printed_lines_are_compared_as_a_whole() -> None:
    assert same_text("… is on …\n", "a is on b")
    assert not same_text("is on", "a is on b")


@pytest.mark.parametrize(
    ("value", "failures", "unknown"),
    [
        ({"current_step": 1, "metrics": [{"label": "CPU", "value": 1}]}, [], []),
        ({"currentStep": 1}, [".current_step: is missing"], [".currentStep"]),
        ({"current_step": 1.5}, [".current_step: 1.5 is no Int"], []),
        ({"current_step": True}, [".current_step: True is no Int"], []),
        ({"current_step": 1, "metrics": [{"value": 1}]}, [".metrics[0].label: is missing"], []),
        ({"current_step": 1, "metrics": None, "more": 1}, [], [".more"]),
    ],
)
def test_json_is_read_as_swift_reads_it(value: Any, failures: list[str], unknown: list[str]) -> None:
    decoding = Decoding()
    SwiftTypes(CARD).decode("Card", value, decoding)
    assert (decoding.failures, decoding.unknown) == (failures, unknown)


def test_a_property_without_a_coding_key_is_noticed() -> None:
    with pytest.raises(AssertionError, match="CodingKeys"):
        SwiftTypes(CARD.replace("        case metrics\n", ""))
