"""The built-in issuer: signs the tokens of users who sign in here, with Better Auth's token shape and paths."""

from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction
from django.utils import timezone
from jwt.algorithms import OKPAlgorithm

from accounts.models import BUILT_IN_ISSUER, SigningKey, User

TOKEN_TTL_SECONDS = 15 * 60  # Better Auth's default


def signing_key() -> SigningKey:
    """Return the newest key, making the first one at the first call."""
    if key := SigningKey.objects.first():
        return key
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('accounts.SigningKey'))")  # two first calls: one key
        return SigningKey.objects.first() or rotate()


def rotate() -> SigningKey:
    """Make a new signing key. Tokens signed with the older ones stay valid until they expire."""
    return SigningKey.objects.create(private_jwk=OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True))


def mint(user: User) -> str:
    """Return a signed token (EdDSA) for `user`, valid for `TOKEN_TTL_SECONDS`."""
    key = signing_key()
    now = int(timezone.now().timestamp())
    claims = {
        "iss": BUILT_IN_ISSUER,
        "aud": BUILT_IN_ISSUER,
        "sub": user.subject,
        "iat": now,
        "exp": now + TOKEN_TTL_SECONDS,
        "email": user.email,
        "name": user.name,
    }
    private = jwt.PyJWK.from_dict(key.private_jwk, algorithm="EdDSA").key
    return jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": str(key.pk)})


def jwks() -> dict[str, Any]:
    """Return the public keys as a JWK Set (RFC 7517)."""
    signing_key()
    return {"keys": [public_jwk(key) for key in SigningKey.objects.all()]}


def public_jwk(key: SigningKey) -> dict[str, str]:
    private = key.private_jwk
    return {"alg": "EdDSA", "crv": private["crv"], "x": private["x"], "kty": private["kty"], "kid": str(key.pk)}
