"""What browsers are told about our pages, and what the server refuses to do too often."""

import json
from typing import Any

from django.test import TestCase, override_settings

from accounts.models import Attempts
from tests.people import sign_up


class HeaderTests(TestCase):
    def test_pages_load_nothing_inline_and_nothing_foreign(self) -> None:
        for path in ("/", "/sign-in", "/consent", "/admin/login/", "/api/docs"):
            with self.subTest(path):
                policy = self.client.get(path)["Content-Security-Policy"]
                self.assertIn("default-src 'self'", policy)
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertNotIn("unsafe", policy)

    def test_no_page_has_inline_scripts_or_styles(self) -> None:
        for path in ("/", "/sign-in", "/consent"):
            with self.subTest(path):
                html = self.client.get(path).content.decode()
                self.assertNotIn(" style=", html)
                self.assertNotIn(" onclick=", html)
                scripts = [tag.partition(">")[0] for tag in html.split("<script")[1:]]
                self.assertTrue(all("src=" in tag or "application/json" in tag for tag in scripts), scripts)

    def test_pages_are_not_framed_nor_sniffed(self) -> None:
        response = self.client.get("/")
        self.assertEqual(response["X-Frame-Options"], "DENY")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")
        self.assertEqual(response["Referrer-Policy"], "same-origin")


@override_settings(SIGN_IN_ATTEMPTS_A_MINUTE=3)
class AttemptTests(TestCase):
    def sign_in(self, email: str, password: str = "wrong", address: str = "10.0.0.1", **headers: str) -> Any:
        body = json.dumps({"email": email, "password": password})
        return self.client.post(
            "/api/auth/sign-in/email", body, content_type="application/json", REMOTE_ADDR=address, headers=headers
        )

    def test_guessing_a_password_is_refused_after_a_few_tries(self) -> None:
        sign_up()
        statuses = [self.sign_in("ann@example.org").status_code for _ in range(4)]
        self.assertEqual(statuses, [401, 401, 401, 429])
        response = self.sign_in("ANN@example.org", "correct horse battery")
        self.assertEqual(response.status_code, 429)
        self.assertLessEqual(int(response["Retry-After"]), 60)

    def test_somebody_elsewhere_still_gets_in(self) -> None:
        sign_up()
        for _ in range(4):
            self.sign_in("ann@example.org")
        response = self.sign_in("ann@example.org", "correct horse battery", "10.0.0.2")
        self.assertEqual(response.status_code, 200)

    def test_many_addresses_do_not_help_to_guess(self) -> None:
        sign_up()
        statuses = [self.sign_in("ann@example.org", address=f"10.0.1.{number}").status_code for number in range(31)]
        self.assertEqual((statuses[29], statuses[30]), (401, 429))

    def test_an_address_is_believed_from_a_trusted_proxy_only(self) -> None:
        for number in range(4):
            response = self.sign_in("bob@example.org", **{"X-Forwarded-For": f"10.9.9.{number}"})
        self.assertEqual(response.status_code, 429)
        with override_settings(TRUST_PROXY=True):
            response = self.sign_in("bob@example.org", **{"X-Forwarded-For": "1.2.3.4, 10.9.9.9"})
        self.assertEqual(response.status_code, 401)

    def test_after_a_minute_it_begins_anew(self) -> None:
        for _ in range(4):
            self.sign_in("eve@example.org")
        Attempts.objects.update(began_at="2020-01-01T00:00Z")
        self.assertEqual(self.sign_in("eve@example.org").status_code, 401)
        self.assertEqual(Attempts.objects.count(), 2)


class ProbeTests(TestCase):
    @override_settings(ALLOWED_HOSTS=["errand.example.org"], SECURE_SSL_REDIRECT=True)
    def test_a_server_is_asked_how_it_is_by_whatever_name_it_has_inside(self) -> None:
        inside = {"host": "10.0.0.7:8000"}
        for path in ("/healthz", "/readyz"):
            self.assertEqual(self.client.get(path, headers=inside).status_code, 200, path)
        self.assertIn(self.client.get("/metrics", headers=inside).status_code, {200, 403})
        secure = inside | {"x-forwarded-proto": "https"}
        with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
            self.assertEqual(self.client.get("/api/docs", headers=secure).status_code, 400)
            self.assertEqual(self.client.get("/api/u/tasks", headers=secure).status_code, 400)
