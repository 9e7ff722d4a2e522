"""Tags and metadata: what senders may note, and in which form it is kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_service.common.annotations import MAX_BYTES, check_metadata, each_tag_once
from service_kit.errors import InvalidRequest

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
keys = texts.filter(str.strip).filter(lambda key: key != "__proto__")
values = texts | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(keys, values, max_size=5))
def test_metadata_keeps_its_meaning(metadata: dict[str, object]) -> None:
    assert json.loads(check_metadata(json.dumps(metadata))) == metadata


def test_a_whole_number_is_kept_without_a_fraction() -> None:
    assert (
        check_metadata('{"amount": 1200.0, "ratio": 0.10, "huge": 1e300}')
        == '{"amount":1200,"ratio":0.10,"huge":1E+300}'
    )


@pytest.mark.parametrize("spare", [0, 1])
def test_metadata_is_measured_in_bytes_of_its_json(spare: int) -> None:
    texts = dict.fromkeys("abcd", "ä" * 2000)
    rest = MAX_BYTES - len(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()) - len(',"e":""')
    document = json.dumps(texts | {"e": "x" * (rest + spare)})
    if spare:
        with pytest.raises(InvalidRequest, match="metadata must be at most 16384 bytes of JSON"):
            check_metadata(document)
    else:
        assert len(check_metadata(document).encode()) == MAX_BYTES


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], ()),
        (["a", "b"], ("a", "b")),
        (["Billing", "billing", "BILLING"], ("Billing",)),
        ([" user:382 ", "user:382"], ("user:382",)),
        (["Straße", "STRASSE"], ("Straße",)),
    ],
)
def test_of_tags_that_differ_in_letter_case_alone_the_first_is_kept(given: list[str], kept: tuple[str, ...]) -> None:
    assert each_tag_once(given) == kept
