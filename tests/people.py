"""People who use Errand in tests: signed up, with a real signed token."""

from dataclasses import dataclass
from typing import Any

from accounts import issuer
from accounts.caller import Caller
from accounts.models import User


@dataclass(frozen=True)
class Person:
    user: User
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def api(self) -> str:
        return f"/api/{self.user.subject}"

    def caller(self, **fields: Any) -> Caller:
        return Caller(self.user, fields.pop("source", "rest"), **fields)


def sign_up(name: str = "Ann", timezone: str = "Europe/Berlin") -> Person:
    user = User.objects.sign_up(name=name, email=f"{name.lower()}@example.org", password="correct horse battery")
    User.objects.filter(pk=user.pk).update(timezone=timezone)
    user.refresh_from_db()
    return Person(user, issuer.mint(user))
