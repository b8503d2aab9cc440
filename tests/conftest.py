from collections.abc import Iterator

import pytest

from accounts import tokens


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    """Forget the issuer's public keys: each test has its own."""
    tokens.key_set.cache_clear()
    yield
    tokens.key_set.cache_clear()
