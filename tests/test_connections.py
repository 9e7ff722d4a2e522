"""Which connections a server holds."""

import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service_kit.connections import Connections, share_of
from service_kit.descriptors import raise_limit

CLIENTS = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "192.0.2.99")
PROXY = "192.0.2.99"


class Held:
    """A connection that knows whether it was given up."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.is_given_up = False

    def give_up(self) -> None:
        self.is_given_up = True


steps = st.lists(
    st.tuples(st.sampled_from(("enter", "waits", "works", "leave")), st.sampled_from(CLIENTS), st.integers(0, 9)),
    max_size=80,
)


@given(limit=st.integers(1, 8), steps=steps)
def test_there_are_never_too_many_and_none_that_works_is_given_up(
    limit: int, steps: list[tuple[str, str, int]]
) -> None:
    held = Connections(limit, f"10.0.0.0/8, {PROXY}")
    inside: dict[Held, bool] = {}
    for step, address, index in steps:
        if step == "enter":
            new = Held(address)
            entered = held.enter(new, address)
            gone = [one for one in inside if one.is_given_up]
            assert all(inside[one] for one in gone), "only those that wait are given up"
            assert len(gone) <= 1
            for one in gone:
                del inside[one]
            if entered:
                inside[new] = True
            else:
                own = [waits for one, waits in inside.items() if share_of(one.address) == share_of(address)]
                is_full = len(inside) == limit and not any(inside.values())
                is_greedy = address != PROXY and len(own) == held.share and not any(own)
                assert is_full or is_greedy
        elif index < len(inside):
            chosen = list(inside)[index]
            if step == "leave":
                held.leave(chosen)
                del inside[chosen]
            else:
                getattr(held, step)(chosen)
                inside[chosen] = step == "waits"
        assert set(held) == set(inside)
        assert len(held) <= limit
        for client in CLIENTS:
            if client != PROXY:
                own_network = [one for one in inside if share_of(one.address) == share_of(client)]
                assert len(own_network) <= held.share


def test_the_longest_idle_of_the_address_with_the_most_makes_room() -> None:
    held = Connections(6)
    of_many = [Held("192.0.2.1") for _ in range(3)]
    of_few = [Held("192.0.2.2") for _ in range(2)]
    for one in (*of_few, *of_many, Held("192.0.2.3")):
        assert held.enter(one, one.address)
    held.works(of_many[0])
    assert held.enter(Held("192.0.2.4"), "192.0.2.4")
    assert [one.is_given_up for one in (*of_few, *of_many)] == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("", "no address", False),
    ],
)
def test_an_ipv6_customer_is_one_client(one: str, other: str, are_one: bool) -> None:
    assert (share_of(one) == share_of(other)) is are_one


def test_a_system_that_does_not_let_the_limit_of_open_files_be_raised_so_far_is_asked_for_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As macOS does, which says that there is no limit."""
    limits = [(256, resource.RLIM_INFINITY)]

    def set_limit(_: int, wanted: tuple[int, int]) -> None:
        if wanted[0] > 10_240:
            raise ValueError("current limit exceeds maximum limit")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", set_limit)
    raise_limit()
    assert limits[-1] == (10_240, resource.RLIM_INFINITY)


@pytest.mark.parametrize(("wanted", "limit", "said"), [(4096, 1024, "4096"), (500, 1024, "")])
def test_a_bound_that_does_not_fit_under_the_limit_of_open_files_is_said_in_one_line(
    wanted: int, limit: int, said: str
) -> None:
    """In a process of its own, whose limit is lowered."""
    program = (
        "import logging, resource; from service_kit.descriptors import raise_limit, that_fit;"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (256, {limit})); raise_limit();"
        f"logging.basicConfig(); print(that_fit({wanted}, 'SMITH_X'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(wanted, limit - 128)
    assert len(done.stderr.splitlines()) == bool(said)
    assert said in done.stderr
