"""`/api/{user_id}/me`: what the user may see and set about themselves."""

from typing import Annotated

from ninja import Router, Schema
from pydantic import AfterValidator, ConfigDict, Field

from accounts.auth import UserRequest
from accounts.models import User, validate_timezone
from accounts.sections import section

router = Router(tags=["account"])


def known_timezone(value: str) -> str:
    validate_timezone(value)
    return value


class Me(Schema):
    id: str = Field(description="The token's subject: the `user_id` of every path.")
    name: str
    email: str
    timezone: str = Field(description="IANA zone, for example Europe/Berlin.")

    @classmethod
    def of(cls, user: User) -> "Me":
        return cls(id=user.subject, name=user.name, email=user.email, timezone=user.timezone)


class MeChange(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    timezone: Annotated[str, Field(max_length=64), AfterValidator(known_timezone)] | None = None


@router.get("/{user_id}/me", response=Me)
async def get_me(request: UserRequest, user_id: str) -> Me:
    return Me.of(request.auth)


@router.patch("/{user_id}/me", response=Me)
async def change_me(request: UserRequest, user_id: str, change: MeChange) -> Me:
    def save() -> User:
        user = User.objects.get(pk=request.auth.pk)
        for name, value in change.model_dump(exclude_none=True).items():
            setattr(user, name, value)
        user.save(update_fields=["name", "timezone"])
        return user

    return Me.of(await section(save))
