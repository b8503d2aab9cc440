"""The public keys that tokens are verified with: a cache of an issuer's JWK Set (RFC 7517)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import jwt
import structlog

TTL_SECONDS = 300
STALE_SECONDS = 24 * 60 * 60
COOL_DOWN_SECONDS = 5
TIMEOUT_SECONDS = 3
MAX_BYTES = 64 * 1024

# The algorithm follows from the key, never from the token (RFC 8725, section 3.1).
ALGORITHMS = {
    ("OKP", "Ed25519"): "EdDSA",
    ("EC", "P-256"): "ES256",
    ("EC", "P-521"): "ES512",
    ("RSA", None): "RS256",
}

log = structlog.get_logger("errand.accounts")


class KeysUnavailable(Exception):
    """The issuer's keys could not be fetched and none are known."""


class KeySet:
    """Keys by id. `fetch` returns the JWK Set document; it is called at most once at a time."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self.fetch = fetch
        self.keys: dict[str, jwt.PyJWK] = {}
        self.fetched_at = float("-inf")
        self.asked_at = float("-inf")  # in vain
        self.refreshing: asyncio.Task[None] | None = None

    async def get(self, kid: str) -> jwt.PyJWK | None:
        """Return the key, or None where the issuer has none of that id. Raises `KeysUnavailable`."""
        now = time.monotonic()
        is_due = now - self.fetched_at > TTL_SECONDS or kid not in self.keys
        # A rotated key is used at once and never announced, so an unknown id is a reason to ask, however fresh the keys
        # are; but not again within the cool-down after one that stayed unknown, or random ids would keep us asking.
        if self.refreshing or (is_due and now - self.asked_at > COOL_DOWN_SECONDS):
            await self.refresh()
            if kid not in self.keys:
                self.asked_at = now
        if not self.keys or time.monotonic() - self.fetched_at > STALE_SECONDS:
            raise KeysUnavailable
        return self.keys.get(kid)

    async def refresh(self) -> None:
        """Fetch the keys; callers that come meanwhile wait for the same fetch."""
        if self.refreshing is None:
            self.refreshing = asyncio.create_task(self.replace_keys())
            self.refreshing.add_done_callback(self.forget_refresh)
        await asyncio.shield(self.refreshing)

    def forget_refresh(self, _: asyncio.Task[None]) -> None:
        self.refreshing = None

    async def replace_keys(self) -> None:
        try:
            found = signing_keys(await self.fetch())
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("jwks.fetch_failed", error=str(error))  # go on with the known keys until they are too old
            return
        if found:  # an empty set is a fault of the issuer, not a reason to sign everybody out
            self.keys, self.fetched_at = found, time.monotonic()


def signing_keys(document: dict[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the public signing keys of a JWK Set that we can use; others are passed over."""
    keys = {}
    for jwk in document.get("keys", []):
        algorithm = ALGORITHMS.get((jwk.get("kty"), jwk.get("crv")))
        kid = jwk.get("kid")
        if not algorithm or "d" in jwk or jwk.get("use", "sig") != "sig" or not isinstance(kid, str):
            continue
        try:
            keys[kid] = jwt.PyJWK.from_dict(jwk, algorithm=algorithm)
        except jwt.PyJWTError as error:
            log.warning("jwks.key_refused", kid=kid, error=str(error))
    return keys


async def fetch_jwks(url: str) -> dict[str, Any]:
    """Fetch a JWK Set: no redirects, at most `MAX_BYTES` in `TIMEOUT_SECONDS`. Raises `HTTPError`, `ValueError`."""
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        httpx2.AsyncClient(follow_redirects=False, timeout=TIMEOUT_SECONDS) as client,
        client.stream("GET", url) as response,
    ):
        response.raise_for_status()
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError(f"the JWK Set at {url} is larger than {MAX_BYTES} bytes")
    document = httpx2.Response(200, content=body).json()
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError(f"{url} does not hold a JWK Set")
    return document
