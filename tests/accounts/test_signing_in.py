import json
from typing import Any

from django.test import TestCase

from accounts.models import BUILT_IN_ISSUER, User
from accounts.tokens import InvalidToken, authenticate, verify

PASSWORD = "correct horse battery"


class SignUpTests(TestCase):
    def post(self, path: str, body: dict[str, Any], **headers: Any) -> Any:
        return self.client.post(f"/api/auth/{path}", json.dumps(body), content_type="application/json", headers=headers)

    def sign_up(self, email: str = "ann@example.org") -> Any:
        return self.post("sign-up/email", {"name": "Ann", "email": email, "password": PASSWORD})

    def test_it_makes_a_user_of_the_built_in_issuer(self) -> None:
        response = self.sign_up()
        user = User.objects.get(issuer=BUILT_IN_ISSUER)
        self.assertEqual(response.json()["user"]["id"], user.subject)
        self.assertTrue(user.password.startswith("argon2"))

    def test_it_signs_in_at_once(self) -> None:
        self.sign_up()
        self.assertEqual(self.client.get("/api/auth/get-session").json()["user"]["email"], "ann@example.org")

    def test_it_refuses_an_address_that_is_taken(self) -> None:
        self.sign_up()
        response = self.sign_up("Ann@Example.org")
        self.assertEqual((response.status_code, response.json()["code"]), (422, "USER_ALREADY_EXISTS"))

    def test_it_refuses_what_is_no_address(self) -> None:
        self.assertEqual(self.sign_up("ann").json()["code"], "INVALID_EMAIL")

    def test_it_refuses_a_short_password(self) -> None:
        response = self.post("sign-up/email", {"name": "Ann", "email": "a@example.org", "password": "x"})
        self.assertEqual((response.status_code, response.json()["code"]), (400, "PASSWORD_TOO_SHORT"))

    def test_it_signs_in_with_the_password(self) -> None:
        self.sign_up()
        self.client.post("/api/auth/sign-out")
        response = self.post("sign-in/email", {"email": "ANN@example.org", "password": PASSWORD})
        self.assertEqual(response.status_code, 200)

    def test_it_answers_alike_for_a_wrong_password_and_an_unknown_address(self) -> None:
        self.sign_up()
        wrong = self.post("sign-in/email", {"email": "ann@example.org", "password": "wrong"})
        unknown = self.post("sign-in/email", {"email": "bob@example.org", "password": "wrong"})
        self.assertEqual(wrong.status_code, 401)
        self.assertEqual(wrong.content, unknown.content)

    def test_signing_out_ends_the_session(self) -> None:
        self.sign_up()
        self.client.post("/api/auth/sign-out")
        self.assertIsNone(self.client.get("/api/auth/get-session").json())
        self.assertEqual(self.client.get("/api/auth/token").status_code, 401)

    def test_another_sites_page_cannot_sign_in(self) -> None:
        response = self.post("sign-in/email", {"email": "a@b.c", "password": "x"}, Origin="https://evil.example")
        self.assertEqual(response.status_code, 403)

    async def test_its_token_is_verified_by_its_published_keys(self) -> None:
        user = await User.objects.acreate(issuer=BUILT_IN_ISSUER, subject="ann", username="ann")
        await self.async_client.aforce_login(user)
        token = (await self.async_client.get("/api/auth/token")).json()["token"]
        self.assertEqual((await verify(token)).subject, "ann")
        self.assertEqual((await authenticate(token)).user, user)

    async def test_a_token_of_a_deleted_account_makes_no_new_one(self) -> None:
        user = await User.objects.acreate(issuer=BUILT_IN_ISSUER, subject="ann", username="ann")
        await self.async_client.aforce_login(user)
        token = (await self.async_client.get("/api/auth/token")).json()["token"]
        await user.adelete()
        with self.assertRaises(InvalidToken):
            await authenticate(token)

    def test_the_published_keys_hold_nothing_private(self) -> None:
        key = self.client.get("/api/auth/jwks").json()["keys"][0]
        self.assertEqual(set(key), {"alg", "crv", "x", "kty", "kid"})

    def test_it_is_off_while_a_better_auth_server_is_set(self) -> None:
        with self.settings(BETTER_AUTH_URL="https://auth.example.org"):
            self.assertEqual(self.sign_up().status_code, 404)
