"""What is counted, for Prometheus (https://prometheus.io/docs/practices/naming/); `/metrics` shows it.

Several processes of one `serve` count together, through files in `PROMETHEUS_MULTIPROC_DIR`, which that command sets.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
MILLISECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

# The application's own; a registry of its own keeps out what the client library adds by itself to the default one.
registry = CollectorRegistry()

requests = Counter("errand_requests", "Answers to requests.", ["method", "status"], registry=registry)
turns = Counter("errand_turns", "Turns that ended or paused.", ["status"], registry=registry)
running_turns = Gauge("errand_running_turns", "Turns that run now.", registry=registry, multiprocess_mode="livesum")
open_streams = Gauge(
    "errand_open_streams", "Streams of turns that are open.", registry=registry, multiprocess_mode="livesum"
)
taken_over = Counter("errand_turns_taken_over", "Turns that went on after their process died.", registry=registry)
queue_seconds = Histogram(
    "errand_turn_queue_seconds", "From a message to the beginning of its turn.", buckets=SECONDS, registry=registry
)
first_text_seconds = Histogram(
    "errand_turn_first_text_seconds",
    "From the beginning of a turn to its first text.",
    buckets=SECONDS,
    registry=registry,
)
turn_seconds = Histogram("errand_turn_seconds", "Whole turns.", buckets=SECONDS, registry=registry)
tokens = Counter("errand_tokens", "Tokens that models read and wrote.", ["direction"], registry=registry)
tool_calls = Counter("errand_tool_calls", "Calls of tools.", ["tool", "outcome"], registry=registry)
tool_seconds = Histogram("errand_tool_seconds", "Calls of tools.", ["tool"], buckets=SECONDS, registry=registry)
failures = Counter("errand_failures", "What went wrong, by kind of error.", ["kind"], registry=registry)
section_seconds = Histogram(
    "errand_section_seconds", "Database sections, as they run.", buckets=MILLISECONDS, registry=registry
)
section_wait_seconds = Histogram(
    "errand_section_wait_seconds",
    "Database sections, as they wait for a thread.",
    buckets=MILLISECONDS,
    registry=registry,
)


def exposition() -> bytes:
    """Return all figures in Prometheus's text format, of all processes that count together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(registry)
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
