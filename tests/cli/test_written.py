"""What is read out of a command's output."""

import pytest
from activitysmith_cli.running.written import Written


def written(*chunks: bytes) -> Written:
    """What is known of an output that came in these pieces."""
    output = Written()
    for chunk in chunks:
        output.feed(1, chunk)
    return output


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (b"", ""),
        (b"one\ntwo\n", "two"),
        (b"one\ntwo\n\n  \n", "two"),
        (b"one\nprompt: ", "prompt:"),
        (b"10%\r20%\r", "20%"),
        (b"\x1b[1;32mgreen\x1b[0m \x1b]0;title\x07and\x1b]8;;http://a\x1b\\link\x1b(B", "green andlink"),
        (b"cut off \x1b[3", "cut off"),
        (b"tab\tand\x00bell\x07\x7f", "tab and bell"),
        ("dépôt 🚨 \u202eright to left".encode(), "dépôt 🚨 right to left"),
        ("می\u200cخواهم".encode(), "می\u200cخواهم"),
        ("👨\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤\ufe0f".encode(),
         "👨\u200d👩\u200d👧 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f ❤\ufe0f"),
        ("plain\U000e0068\U000e0069 \u2066a\u2069\ufeffb\u202c".encode(), "plain ab"),
        ("\u200fשלום\u200e!".encode(), "\u200fשלום\u200e!"),
        (b"Copying |\b/\b-\b|", "Copying |"),
        (b"\b\b12\b \b", "1"),
        (b"N\bNA\bAM\bME\bE", "NAME"),
        ("漢\b\b字 字\b.".encode(), "字 ."),
        (b"text\n\xff\xfe\x80\x81\x82a", "text"),
        (b"caf\xe9 au lait", "caf au lait"),
        (b"x" * 100_000, "x" * 4096),
    ],
    ids=["nothing", "lines", "empty lines", "prompt", "progress bar", "colors", "cut sequence", "controls", "unicode",
         "non-joiner", "joined emoji", "hidden text", "marks of direction", "spinner", "backspaces", "overstrike",
         "wide",
         "binary", "another encoding", "endless line"],
)  # fmt: skip
def test_the_last_line_is_what_a_person_would_read(output: bytes, line: str) -> None:
    assert written(output).last_line() == line
    assert written(*(output[i : i + 3] for i in range(0, min(len(output), 300), 3))).last_line() == line[:300]


def test_the_stream_that_was_written_to_last_counts_if_it_has_anything_to_read() -> None:
    output = written(b"out\n")
    output.feed(2, b"err\n")
    assert output.last_line() == "err"
    output.feed(1, b"more\n")
    assert output.last_line() == "more"
    output.feed(3, b"\x00\n")
    assert output.last_line() in {"more", "err"}


@pytest.mark.parametrize(
    ("output", "percentage"),
    [
        (b"no number", None),
        (b"42%", 42),
        (b"  3.5 % of 7 GB\n", 3.5),
        (b"10%\r20%\rfinishing", 20),
        (b"1,234,567  12%  3.21MB/s", 12),
        (b"400% sure", None),
        (b"cpu 7% done 55%", 55),
        (b"1.2.3% v1234%", None),
    ],
)
def test_the_last_percentage_counts(output: bytes, percentage: float | None) -> None:
    assert written(output).percentage() == percentage


@pytest.mark.parametrize(
    ("output", "step"),
    [
        (b"on 2026/11/25 1/2", None),
        (b"[3/7] Linking", (3, 7)),
        (b"Step 2/5 : RUN make", (2, 5)),
        (b"step 2 of 5\nnoise\n", (2, 5)),
        (b"[ 1/40] a\r[12/40] b", (12, 40)),
        (b"[8/7] [0/7]", None),
        (b"[1/900]", None),
    ],
)
def test_the_last_step_counts(output: bytes, step: tuple[int, int] | None) -> None:
    assert written(output).step() == step
