"""Tokens that must not let anybody in."""

import asyncio
import base64
import hmac
import json
import time
from typing import Any
from unittest import mock

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import TestCase
from django.utils import timezone
from jwt.algorithms import OKPAlgorithm

from accounts import issuer
from accounts.jwks_cache import KeySet, signing_keys
from accounts.models import BUILT_IN_ISSUER, SigningKey, User
from accounts.tokens import LEEWAY_SECONDS, InvalidToken, authenticate, key_set, verify
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

    async def test_one_that_was_good_expires_and_goes_with_its_key(self) -> None:
        token = self.token()
        await authenticate(token)
        over = time.time() + 60 + LEEWAY_SECONDS
        with mock.patch("accounts.tokens.time.time", return_value=over - 2):
            await authenticate(token)
        with (
            mock.patch("accounts.tokens.time.time", return_value=over + 1),
            self.assertRaisesMessage(InvalidToken, "Signature has expired"),
        ):
            await authenticate(token)
        key_set(None).keys.clear()
        await SigningKey.objects.all().adelete()
        with self.assertRaises(InvalidToken):
            await authenticate(token)

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
        bad |= self.more_bad_ones(now, stranger)
        self.assertGreaterEqual(len(bad), 50)
        for name, token in bad.items():
            with self.subTest(name), self.assertRaises(InvalidToken):
                began = time.perf_counter()
                try:
                    await authenticate(token)
                finally:
                    self.assertLess(time.perf_counter() - began, 1, "refusing takes bounded time")

    def more_bad_ones(self, now: int, stranger: Ed25519PrivateKey) -> dict[str, str]:
        """Return forgeries that need no key of ours, or one that was used in another way than it was meant."""
        public = base64.urlsafe_b64decode(self.key.private_jwk["x"] + "==")
        header, payload, signature = self.token().split(".")
        jwk = json.dumps(issuer.public_jwk(self.key)).encode()
        rsa_key = rsa.generate_private_key(65537, 2048)
        ec_key = ec.generate_private_key(ec.SECP256R1())
        kid = {"kid": str(self.key.pk)}
        return {
            "alg None in capitals": self.raw({"alg": "NONE", **kid}, {"sub": self.ann.user.subject}),
            "alg as an empty text": self.raw({"alg": "", **kid}, {"sub": self.ann.user.subject}),
            "alg as a list": self.raw({"alg": ["EdDSA"], **kid}, {"sub": "x"}),
            "no alg at all": self.raw(kid, {"sub": "x"}),
            "the JWK text as an HMAC secret": self.hmac_signed(jwk),
            "the public key as an HMAC secret, 512 bit": self.token(key=public * 2, algorithm="HS512"),
            "an RSA key under our id": self.token(key=rsa_key, algorithm="RS256"),
            "an RSA-PSS key under our id": self.token(key=rsa_key, algorithm="PS256"),
            "an EC key under our id": self.token(key=ec_key, algorithm="ES256"),
            "a key address that is fetched": self.token(key=stranger, headers={"jku": "https://evil.example/jwks"}),
            "a certificate address": self.token(key=stranger, headers={"x5u": "https://evil.example/cert"}),
            "a certificate": self.token(key=stranger, headers={"x5c": ["MIIB"]}),
            "the issuer's name as a key": self.token(headers={"kid": BUILT_IN_ISSUER}),
            "a key id with SQL": self.token(headers={"kid": "' OR 1=1 --"}),
            "a key id with NUL": self.token(headers={"kid": f"{self.key.pk}\0"}),
            "a key id of 65 characters": self.token(headers={"kid": "k" * 65}),
            "a key id that is a number": self.raw({"alg": "EdDSA", "kid": 1}, {"sub": "x"}),
            "a key id that is an object": self.raw({"alg": "EdDSA", "kid": {"a": 1}}, {"sub": "x"}),
            "another token's signature": ".".join([header, self.encoded({"sub": "x"}), signature]),
            "another header's signature": ".".join([self.encoded({"alg": "EdDSA", **kid}), payload, signature]),
            "without its signature": f"{header}.{payload}.",
            "without its last dot": f"{header}.{payload}",
            "a fourth part": f"{header}.{payload}.{signature}.x",
            "nested: a token as the payload": self.raw_signed(self.token()),
            "an encrypted one (JWE)": ".".join([self.encoded({"alg": "dir", "enc": "A256GCM"}), "", "a", "b", "c"]),
            "an OAuth access token where none is taken": self.token(headers={"typ": "application/at+jwt"}),
            "an ID token type": self.token(headers={"typ": "id+jwt"}),
            "expiry far in the past": self.token(iat=1, exp=2),
            "expiry as a text": self.token(exp=str(now + 60) + "x"),
            "expiry that is not a number": self.raw_signed('{"exp": NaN}'),
            "issued tomorrow": self.token(iat=now + 86_400, exp=now + 86_460),
            "valid from tomorrow": self.token(nbf=now + 86_400),
            "audience as an empty list": self.token(aud=[]),
            "audience with ours as a part": self.token(aud=BUILT_IN_ISSUER + ".evil"),
            "issuer in other case": self.token(iss=BUILT_IN_ISSUER.upper()),
            "issuer as a list": self.raw_signed(json.dumps({"iss": [BUILT_IN_ISSUER]})),
            "subject as a number": self.raw_signed(json.dumps(self.good() | {"sub": 1})),
            "subject as a list": self.raw_signed(json.dumps(self.good() | {"sub": [self.ann.user.subject]})),
            "a subject that is nobody": self.token(sub="nobody"),
            "a payload that is a list": self.raw_signed("[]"),
            "a payload that is no JSON": self.raw_signed("{"),
            "a payload of 3,000 brackets": self.raw_signed("[" * 1_500 + "]" * 1_500),
            "claims given twice, the second of somebody else": self.raw_signed(
                json.dumps(self.good())[:-1] + ', "sub": "nobody"}'
            ),
            "blanks inside": self.token().replace(".", " ."),
            "other characters at the end": self.token() + "=é",
            "a header of another alphabet": "é" + self.token()[1:],
        }

    def good(self) -> dict[str, Any]:
        now = int(time.time())
        sub = self.ann.user.subject
        return {"iss": BUILT_IN_ISSUER, "aud": BUILT_IN_ISSUER, "sub": sub, "iat": now, "exp": now + 60}

    def encoded(self, value: Any) -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def raw(self, header: Any, payload: Any) -> str:
        return f"{self.encoded(header)}.{self.encoded(payload)}.{self.encoded('signature')}"

    def raw_signed(self, payload: str) -> str:
        """Return a token that our own key has signed, whatever its payload is."""
        private = jwt.PyJWK.from_dict(self.key.private_jwk, algorithm="EdDSA").key
        signed = f"{self.encoded({'alg': 'EdDSA', 'kid': str(self.key.pk)})}.{self.encoded(payload)}"
        signature = base64.urlsafe_b64encode(private.sign(signed.encode())).decode().rstrip("=")
        return f"{signed}.{signature}"

    def hmac_signed(self, secret: bytes) -> str:
        """Return a token whose signature is an HMAC under something public; PyJWT itself would refuse to make it."""
        signed = f"{self.encoded({'alg': 'HS256', 'kid': str(self.key.pk)})}.{self.encoded(self.good())}"
        signature = hmac.digest(secret, signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    async def test_what_signs_a_raw_token_here_is_right(self) -> None:
        """Otherwise the forgeries above would be refused for a wrong signature and test nothing."""
        self.assertEqual((await authenticate(self.raw_signed(json.dumps(self.good())))).user, self.ann.user)

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
    async def test_five_hundred_random_ids_cause_one_fetch(self) -> None:
        fetches = 0

        async def fetch() -> dict[str, Any]:
            nonlocal fetches
            fetches += 1
            return {"keys": [issuer_key()]}

        keys = KeySet(fetch)
        await asyncio.gather(*(keys.get("k") for _ in range(200)))
        self.assertEqual(fetches, 1)
        for number in range(500):
            self.assertIsNone(await keys.get(f"random-{number}"))
        self.assertEqual(fetches, 2)

    async def test_a_key_is_known_at_once_however_fresh_the_others_are(self) -> None:
        documents = [{"keys": [issuer_key()]}, {"keys": [issuer_key(), issuer_key() | {"kid": "new"}]}]

        async def fetch() -> dict[str, Any]:
            return documents.pop(0)

        keys = KeySet(fetch)
        self.assertIsNotNone(await keys.get("k"))
        self.assertIsNotNone(await keys.get("new"))

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
