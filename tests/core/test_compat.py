"""What is borrowed from other packages is still as it was when it was borrowed."""

import inspect
from hashlib import sha256

import django
from django.core.handlers.asgi import ASGIHandler
from django.dispatch import Signal

from core import compat

SEEN = {
    ASGIHandler.__call__: "f756809e9c9308dc",
    ASGIHandler.handle: "c91f27c7fcdc3fff",
}


def test_django_handles_a_request_as_it_did() -> None:
    for function, digest in SEEN.items():
        found = sha256(inspect.getsource(function).encode()).hexdigest()[:16]
        assert found == digest, (
            f"Django {django.__version__} has another {function.__qualname__} than core.compat.EventLoopHandler "
            f"repeats. Read what changed, do the same there, then write {found} here."
        )


def test_what_the_handler_is_made_of_is_there() -> None:
    for name in ("read_body", "create_request", "run_get_response", "send_response"):
        assert callable(getattr(ASGIHandler, name, None)), (
            f"Django {django.__version__} has no ASGIHandler.{name}, of which core.compat.EventLoopHandler is made."
        )


def test_a_signal_tells_who_receives_it() -> None:
    def kept(**kwargs: object) -> None: ...

    def weak(**kwargs: object) -> None: ...

    def gone(**kwargs: object) -> None: ...

    signal = Signal()
    signal.connect(kept, weak=False)
    signal.connect(weak)
    signal.connect(gone)
    del gone
    assert compat.receivers_of(signal) == [kept, weak], (
        f"Signal.receivers of Django {django.__version__} is made otherwise than core.compat.receivers_of reads it."
    )
