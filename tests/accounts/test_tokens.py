"""Tokens that must not let anybody in."""

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import TestCase
from django.utils import timezone
from jwt.algorithms import OKPAlgorithm

from accounts import issuer
from accounts.keys import KeySet, signing_keys
from accounts.models import BUILT_IN_ISSUER, SigningKey, User
from accounts.tokens import InvalidToken, authenticate, verify
from tests.people import sign_up


class TokenTests(TestCase):
    def setUp(self) -> None:
        self.ann = sign_up()
        self.key = issuer.signing_key()

    def token(
        self, *, headers: dict[str, Any] | None = None, key: Any = None, algorithm: str = "EdDSA", **claims: Any
    ) -> str:
        now = int(time.time())
        good = {
            "iss": BUILT_IN_ISSUER,
            "aud": BUILT_IN_ISSUER,
            "sub": self.ann.user.subject,
            "iat": now,
            "exp": now + 60,
        }
        payload = {name: value for name, value in (good | claims).items() if value is not None}
        private = key or jwt.PyJWK.from_dict(self.key.private_jwk, algorithm="EdDSA").key
        return jwt.encode(payload, private, algorithm=algorithm, headers={"kid": str(self.key.pk), **(headers or {})})

    async def test_a_good_one_lets_in(self) -> None:
        self.assertEqual((await authenticate(self.token())).user, self.ann.user)

    async def test_broken_and_forged_ones_do_not(self) -> None:
        now = int(time.time())
        public = base64.urlsafe_b64decode(self.key.private_jwk["x"] + "==")
        stranger = Ed25519PrivateKey.generate()
        bad = {
            "expired": self.token(iat=now - 900, exp=now - 60),
            "not yet issued": self.token(iat=now + 600, exp=now + 900),
            "another issuer": self.token(iss="https://evil.example"),
            "another audience": self.token(aud="https://evil.example"),
            "no subject": self.token(sub=None),
            "an empty subject": self.token(sub=""),
            "no expiry": self.token(exp=None),
            "no issue date": self.token(iat=None),
            "a life of a year": self.token(exp=now + 31_536_000),
            "signed by a stranger": self.token(key=stranger),
            "signed by a stranger who sends the key": self.token(
                key=stranger, headers={"jwk": OKPAlgorithm.to_jwk(stranger.public_key(), as_dict=True)}
            ),
            "the public key as an HMAC secret": self.token(key=public, algorithm="HS256"),
            "no signature": jwt.encode({"sub": "x"}, None, algorithm="none", headers={"kid": str(self.key.pk)}),  # type: ignore[arg-type]
            "an unknown key": self.token(headers={"kid": "nobody"}),
            "no key": self.token(headers={"kid": ""}),
            "a key that is a path": self.token(headers={"kid": "../../" * 20}),
            "of another type": self.token(headers={"typ": "at+jwt"}),
            "critical extensions": self.token(headers={"crit": ["exp"]}),
            "changed": self.token()[:-4] + "AAAA",
            "oversized": self.token(name="x" * 5_000),
            "garbage": "a.b.c",
            "empty": "",
        }
        for name, token in bad.items():
            with self.subTest(name), self.assertRaises(InvalidToken):
                await authenticate(token)

    async def test_a_deactivated_user_is_refused_at_once(self) -> None:
        await User.objects.filter(pk=self.ann.user.pk).aupdate(is_active=False)
        with self.assertRaises(InvalidToken):
            await authenticate(self.token())

    async def test_tokens_from_before_a_revocation_are_refused(self) -> None:
        token = self.token(iat=int(time.time()) - 30)
        await User.objects.filter(pk=self.ann.user.pk).aupdate(revoked_before=timezone.now())
        with self.assertRaises(InvalidToken):
            await authenticate(token)

    async def test_a_rotated_key_is_accepted_beside_the_old_one(self) -> None:
        old = self.token()
        self.key = await SigningKey.objects.acreate(
            private_jwk=OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
        )
        for token in (old, self.token()):
            self.assertEqual((await verify(token)).subject, self.ann.user.subject)


class KeySetTests(TestCase):
    async def test_many_at_once_cause_one_fetch_and_random_ids_cause_no_more(self) -> None:
        fetches = 0

        async def fetch() -> dict[str, Any]:
            nonlocal fetches
            fetches += 1
            return {"keys": [issuer_key()]}

        keys = KeySet(fetch)
        self.assertIsNotNone(await keys.get("k"))
        for number in range(500):
            self.assertIsNone(await keys.get(f"random-{number}"))
        self.assertEqual(fetches, 1)

    async def test_known_keys_go_on_working_while_the_issuer_is_down(self) -> None:
        answers: list[Any] = [{"keys": [issuer_key()]}, {"keys": []}, ValueError("down")]

        async def fetch() -> dict[str, Any]:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return dict(answer)

        keys = KeySet(fetch)
        for _ in range(3):
            keys.asked_at = float("-inf")
            await keys.refresh()
            self.assertIsNotNone(await keys.get("k"))
        self.assertEqual(answers, [])

    def test_private_encryption_and_unknown_keys_are_passed_over(self) -> None:
        good = issuer_key()
        others = [
            good | {"kid": "a", "d": "x"},
            good | {"kid": "b", "use": "enc"},
            good | {"kid": "c", "crv": "X25519"},
        ]
        self.assertEqual(set(signing_keys({"keys": [good, *others, {}, good | {"kid": 7}]})), {"k"})


def issuer_key() -> dict[str, Any]:
    jwk = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key())
    return {**json.loads(jwk), "kid": "k"}
