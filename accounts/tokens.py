"""Verifying the JSON Web Tokens (RFC 7519) that say who is asking, as RFC 8725 advises."""

import datetime
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import jwt
from django.conf import settings

from accounts import issuer
from accounts.claims import Claims
from accounts.jwks_cache import KeySet, KeysUnavailable, fetch_jwks
from accounts.models import ACCESS_TOKEN_PREFIX, BUILT_IN_ISSUER, AccessToken, User
from core.sections import section

MAX_TOKEN_BYTES = 4096
MAX_KID_LENGTH = 64
MAX_LIFE_SECONDS = 60 * 60
LEEWAY_SECONDS = 10
DECODED_TOKENS = 4096  # that a process remembers
OAUTH_TYPE = "AT+JWT"  # RFC 9068, section 2.1


class InvalidToken(Exception):
    """The token does not prove who is asking. The text is for logs and developers; it holds nothing secret."""


@dataclass(frozen=True)
class Profile:
    """What a kind of token must carry. One kind never passes for the other."""

    type: str
    issuer: str
    audience: str


def session_profile() -> Profile:
    """Return what Better Auth's and the built-in issuer's own tokens carry: they are for everything here."""
    return Profile("JWT", trusted_issuer(), trusted_issuer())


def oauth_profile() -> Profile:
    """Return what the OAuth access token of another assistant carries: it is good at /mcp and nowhere else."""
    return Profile(OAUTH_TYPE, f"{trusted_issuer()}/api/auth", f"{settings.PUBLIC_URL}/mcp")


def trusted_issuer() -> str:
    """Return the `iss` (and `aud`) that tokens must carry: Better Auth's origin, or the built-in issuer."""
    if not settings.BETTER_AUTH_URL:
        return BUILT_IN_ISSUER
    url = urlsplit(settings.BETTER_AUTH_URL)
    return f"{url.scheme}://{url.netloc}"


@functools.cache
def key_set(better_auth_url: str | None) -> KeySet:
    if better_auth_url:
        url = settings.BETTER_AUTH_INTERNAL_URL or better_auth_url
        return KeySet(lambda: fetch_jwks(f"{url}/api/auth/jwks"))
    return KeySet(lambda: section(issuer.jwks))


async def verify(token: str, *profiles: Profile) -> Claims:
    """Return what `token` says if it is valid and of one of these kinds (default: session). Raises `InvalidToken`."""
    if len(token) > MAX_TOKEN_BYTES:  # before parsing: megabytes of garbage cost real time
        raise InvalidToken("The token is longer than 4 KB.")
    key, profile = await signing_key(token, profiles or (session_profile(),))
    try:
        claims = decoded(token, key, profile)
    except jwt.PyJWTError as error:
        raise InvalidToken(f"The token is not valid: {error}") from error
    if claims.expires_at.timestamp() <= time.time() - LEEWAY_SECONDS:  # since it was decoded
        raise InvalidToken("The token is not valid: Signature has expired")
    return claims


@functools.lru_cache(DECODED_TOKENS)
def decoded(token: str, key: jwt.PyJWK, profile: Profile) -> Claims:
    """Return what `token` says if `key` signed it. It is checked once, because it comes with each request for minutes.

    The issuer still publishes the key; otherwise the token would not have got this far.
    """
    payload = jwt.decode(
        token,
        key,
        algorithms=[key.algorithm_name],
        audience=profile.audience,
        issuer=profile.issuer,
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )
    if not payload["sub"]:
        raise InvalidToken("The token names no subject.")
    if payload["exp"] - payload["iat"] > MAX_LIFE_SECONDS:
        raise InvalidToken("The token lives longer than an hour.")
    return Claims(
        issuer=trusted_issuer(),
        subject=payload["sub"],
        issued_at=datetime.datetime.fromtimestamp(payload["iat"], datetime.UTC),
        expires_at=datetime.datetime.fromtimestamp(payload["exp"], datetime.UTC),
        name=str(payload.get("name") or "")[:200],
        email=str(payload.get("email") or "")[:254],
        scopes=frozenset(str(payload.get("scope") or "").split()),
        is_oauth=profile.type == OAUTH_TYPE,
    )


async def signing_key(token: str, profiles: Sequence[Profile]) -> tuple[jwt.PyJWK, Profile]:
    """Return the trusted key that `token` names in its header, and which kind it says it is. Raises `InvalidToken`."""
    kid, kind = header_of(token)
    profile = next((profile for profile in profiles if profile.type == kind), None)
    if profile is None:
        raise InvalidToken("The token is of another type.")
    try:
        key = await key_set(settings.BETTER_AUTH_URL).get(kid)
    except KeysUnavailable as error:
        raise InvalidToken("The issuer's keys cannot be fetched at the moment.") from error
    if key is None:
        raise InvalidToken("The token is signed with an unknown key.")
    return key, profile


@functools.lru_cache(DECODED_TOKENS)
def header_of(token: str) -> tuple[str, str]:
    """Return the key and the kind that `token` names, neither of which is proven. Raises `InvalidToken`."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise InvalidToken("This is not a JSON Web Token.") from error
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        raise InvalidToken("The token names no key.")
    return kid, str(header.get("typ", "JWT")).upper().removeprefix("APPLICATION/")


@dataclass(frozen=True)
class Access:
    """Who a token lets in, what for ("read", "change" but not delete, or "full"), and which token it is."""

    user: User
    scope: str = AccessToken.Scope.FULL
    claims: Claims | None = None  # of a signed token
    token_id: UUID | None = None  # of a personal access token


async def authenticate(token: str, *, takes_oauth: bool = False) -> Access:
    """Return whom `token` lets in: a signed token, or a personal access token. Raises `InvalidToken`.

    `takes_oauth`: at /mcp, where OAuth access tokens are good too. A user of another issuer is made at their first
    valid token.
    """
    if token.startswith(ACCESS_TOKEN_PREFIX) and len(token) < MAX_TOKEN_BYTES:
        found = await section(AccessToken.objects.find, token)
        if found is None or not found.user.is_active:
            raise InvalidToken("The access token is unknown, expired or revoked.")
        return Access(found.user, found.scope, token_id=found.pk)
    profiles = [session_profile(), oauth_profile()] if takes_oauth and settings.BETTER_AUTH_URL else []
    claims = await verify(token, *profiles)
    user = await section(User.objects.from_claims, claims)
    if user is None or not user.accepts(claims):
        raise InvalidToken("The account was closed or the token revoked.")
    return Access(user, granted_scope(claims) if claims.is_oauth else AccessToken.Scope.FULL, claims)


def granted_scope(claims: Claims) -> str:
    """Return the most that an OAuth access token allows. Raises `InvalidToken` where that is nothing."""
    for scope in (AccessToken.Scope.FULL, AccessToken.Scope.CHANGE, AccessToken.Scope.READ):
        if scope in claims.scopes:
            return scope
    raise InvalidToken("The token grants none of read, change and full.")
