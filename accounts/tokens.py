"""Verifying the JSON Web Tokens (RFC 7519) that say who is asking, as RFC 8725 advises."""

import datetime
import functools
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
from django.conf import settings

from accounts import issuer
from accounts.keys import KeySet, KeysUnavailable, fetch_jwks
from accounts.models import ACCESS_TOKEN_PREFIX, BUILT_IN_ISSUER, AccessToken, User
from accounts.sections import section

MAX_TOKEN_BYTES = 4096
MAX_KID_LENGTH = 64
MAX_LIFE_SECONDS = 60 * 60
LEEWAY_SECONDS = 10


class InvalidToken(Exception):
    """The token does not prove who is asking. The text is for logs and developers; it holds nothing secret."""


@dataclass(frozen=True)
class Claims:
    """What a verified token says."""

    issuer: str
    subject: str
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    name: str = ""
    email: str = ""


def trusted_issuer() -> str:
    """Return the `iss` (and `aud`) that tokens must carry: Better Auth's origin, or the built-in issuer."""
    if not settings.BETTER_AUTH_URL:
        return BUILT_IN_ISSUER
    url = urlsplit(settings.BETTER_AUTH_URL)
    return f"{url.scheme}://{url.netloc}"


@functools.cache
def key_set(better_auth_url: str | None) -> KeySet:
    if better_auth_url:
        return KeySet(lambda: fetch_jwks(f"{better_auth_url}/api/auth/jwks"))
    return KeySet(lambda: section(issuer.jwks))


async def verify(token: str) -> Claims:
    """Return what `token` says if it is a valid token of the trusted issuer. Raises `InvalidToken`."""
    if len(token) > MAX_TOKEN_BYTES:  # before parsing: megabytes of garbage cost real time
        raise InvalidToken("The token is longer than 4 KB.")
    key = await signing_key(token)
    try:
        payload = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=trusted_issuer(),
            issuer=trusted_issuer(),
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError as error:
        raise InvalidToken(f"The token is not valid: {error}") from error
    if not payload["sub"]:
        raise InvalidToken("The token names no subject.")
    if payload["exp"] - payload["iat"] > MAX_LIFE_SECONDS:
        raise InvalidToken("The token lives longer than an hour.")
    return Claims(
        issuer=payload["iss"],
        subject=payload["sub"],
        issued_at=datetime.datetime.fromtimestamp(payload["iat"], datetime.UTC),
        expires_at=datetime.datetime.fromtimestamp(payload["exp"], datetime.UTC),
        name=str(payload.get("name") or "")[:200],
        email=str(payload.get("email") or "")[:254],
    )


async def signing_key(token: str) -> jwt.PyJWK:
    """Return the trusted key that `token` names in its header. Raises `InvalidToken`."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise InvalidToken("This is not a JSON Web Token.") from error
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        raise InvalidToken("The token names no key.")
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise InvalidToken("The token is of another type.")
    try:
        key = await key_set(settings.BETTER_AUTH_URL).get(kid)
    except KeysUnavailable as error:
        raise InvalidToken("The issuer's keys cannot be fetched at the moment.") from error
    if key is None:
        raise InvalidToken("The token is signed with an unknown key.")
    return key


@dataclass(frozen=True)
class Access:
    """Who a token lets in, and what for: "read", "change" (but not delete) or "full"."""

    user: User
    scope: str = AccessToken.Scope.FULL


async def authenticate(token: str) -> Access:
    """Return whom `token` lets in: a signed token, or a personal access token. Raises `InvalidToken`.

    A user of another issuer is made at their first valid token.
    """
    if token.startswith(ACCESS_TOKEN_PREFIX) and len(token) < MAX_TOKEN_BYTES:
        found = await section(AccessToken.objects.find, token)
        if found is None or not found.user.is_active:
            raise InvalidToken("The access token is unknown, expired or revoked.")
        return Access(found.user, found.scope)
    claims = await verify(token)
    user = await section(User.objects.from_claims, claims)
    if user is None or not user.accepts(claims):
        raise InvalidToken("The account was closed or the token revoked.")
    return Access(user)
