"""The amounts of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Amounts:
    """Counts that bound a run."""

    requests: dict[int, dict[int, int]]
    """Push notifications per run, by the milliseconds that APNs takes and the number of callers."""
    empty_calls: dict[int, int]
    """Empty gateway requests, and empty gRPC calls, by the number of callers."""
    bare_pushes: dict[int, int]
    """Pushes of the bare sender, by how many are in flight."""
    bare_client_pushes: int
    """Pushes of the bare client, to see what the stand-in for APNs takes."""
    starts: int
    """First and later starts of each server."""
    repetitions: int
    fan_out_devices: int
    fan_out_latencies_ms: tuple[int, ...]
    fan_out_repetitions: int
    few_devices: int
    many_devices: int
    history: int
    """Settled deliveries in addition to the many devices."""
    scale_repetitions: int
    stream_noops: dict[int, int]
    """PUTs of unchanged states, by the number of callers."""
    stream_updates: dict[int, int]
    """PUTs of new states, by the number of callers: to many streams, to one, and to one with many devices."""
    few_streams: int
    many_streams: int
    stream_devices: int
    """Phones of the stream with many devices."""
    fairness_requests: int
    """Requests of a neighbour, of each kind and under each load."""
    fairness_devices: int
    """Phones of the account that causes the load."""
    crowd_devices: int
    """Phones of the account to which many callers push at once."""
    admin_rows: int
    """Devices, channels and notifications of the account whose pages are measured."""
    admin_requests: int
    """Requests for each page."""
    admin_pages: int
    """Pages that are open in a browser at once."""
    soak_seconds: int


FULL = Amounts(
    requests={0: {1: 600, 8: 2_000, 64: 5_000, 200: 5_000}, 50: {1: 60, 8: 480, 64: 3_000, 200: 5_000}},
    empty_calls={1: 3_000, 8: 8_000, 64: 10_000, 200: 10_000},
    bare_pushes={1: 2_000, 8: 5_000, 64: 10_000, 200: 20_000},
    bare_client_pushes=100_000,
    starts=3,
    repetitions=3,
    fan_out_devices=10_000,
    fan_out_latencies_ms=(0, 50),
    fan_out_repetitions=3,
    few_devices=1_000,
    many_devices=1_000_000,
    history=1_000_000,
    scale_repetitions=5,
    stream_noops={1: 600, 8: 2_500, 64: 5_000},
    stream_updates={1: 300, 8: 1_200, 64: 3_000},
    few_streams=1_000,
    many_streams=100_000,
    stream_devices=1_000,
    fairness_requests=300,
    fairness_devices=100_000,
    crowd_devices=2_000,
    admin_rows=10_000,
    admin_requests=4,
    admin_pages=50,
    soak_seconds=600,
)

QUICK = Amounts(
    requests={0: {1: 100, 8: 300, 64: 600, 200: 800}, 50: {1: 20, 8: 80, 64: 600, 200: 800}},
    empty_calls={1: 500, 8: 1_000, 64: 2_000, 200: 2_000},
    bare_pushes={1: 300, 8: 1_000, 64: 2_000, 200: 3_000},
    bare_client_pushes=20_000,
    starts=1,
    repetitions=1,
    fan_out_devices=2_000,
    fan_out_latencies_ms=(0, 50),
    fan_out_repetitions=1,
    few_devices=1_000,
    many_devices=50_000,
    history=50_000,
    scale_repetitions=1,
    stream_noops={1: 200, 8: 500, 64: 1_000},
    stream_updates={1: 100, 8: 300, 64: 800},
    few_streams=1_000,
    many_streams=10_000,
    stream_devices=500,
    fairness_requests=40,
    fairness_devices=5_000,
    crowd_devices=200,
    admin_rows=200,
    admin_requests=2,
    admin_pages=5,
    soak_seconds=20,
)
