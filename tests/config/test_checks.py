"""What would silently do nothing for the requests of programs is refused when Errand starts."""

from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.core.signals import request_started
from django.test import override_settings

from config.checks import PROGRAMS, refuse_what_programs_would_miss

GZIP = "django.middleware.gzip.GZipMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"


def faults() -> list[tuple[str | None, str]]:
    return [(message.id, message.msg) for message in run_checks() if (message.id or "").startswith("errand.")]


def with_middleware(*, first: str = "", last: str = "") -> Any:
    return override_settings(MIDDLEWARE=[*filter(None, [first]), *settings.MIDDLEWARE, *filter(None, [last])])


def test_the_present_settings_are_right() -> None:
    assert faults() == []


def test_middleware_that_programs_would_pass_by_is_named() -> None:
    with with_middleware(last=LOCALE):
        [(id, said)] = faults()
        with pytest.raises(SystemCheckError, match="LocaleMiddleware"):
            call_command("check")
    assert id == "errand.E001"
    assert f"pass by {LOCALE}, which stands after {PROGRAMS}" in said


def test_middleware_that_is_meant_for_pages_only_is_taken() -> None:
    with with_middleware(last=LOCALE), override_settings(PAGE_MIDDLEWARE=[*settings.PAGE_MIDDLEWARE, LOCALE]):
        assert faults() == []


def test_middleware_for_all_requests_is_taken_first() -> None:
    with with_middleware(first=GZIP):
        assert faults() == []


def test_first_middleware_whose_hooks_would_not_be_called_is_named() -> None:
    with with_middleware(first=CSRF):
        [(id, said)] = faults()
    assert id == "errand.E002"
    assert f"{CSRF} has process_view" in said


def test_a_receiver_that_would_not_be_called_is_named() -> None:
    def count_requests(**kwargs: object) -> None: ...

    request_started.connect(count_requests)
    try:
        [(id, said)] = faults()
        with pytest.raises(ImproperlyConfigured, match="count_requests receives request_started"):
            refuse_what_programs_would_miss()
    finally:
        request_started.disconnect(count_requests)
    assert id == "errand.E003"
    assert said.startswith(f"{__name__}.")
