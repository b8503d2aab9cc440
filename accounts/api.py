"""`/api/{user_id}/me` and access tokens: what the user may see and set about themselves."""

import datetime
from typing import Annotated, Any, Literal, Self

from ninja import Router, Status
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from accounts.bearer import UserRequest
from accounts.models import AccessToken, User, validate_timezone
from core import ids
from core.problems import NotFound
from core.sections import section

router = Router(tags=["account"])

type Scope = Literal["read", "change", "full"]
type Policy = Literal["always", "destructive", "never"]


def known_timezone(value: str) -> str:
    validate_timezone(value)
    return value


class Me(BaseModel):
    id: str = Field(description="The token's subject: the `user_id` of every path.")
    name: str
    email: str
    timezone: str = Field(description="IANA zone, for example Europe/Berlin.")
    approval_policy: Policy = Field(description="What the assistant asks for first: every change, deleting, nothing.")

    @classmethod
    def of(cls, user: User) -> "Me":
        shown = {name: getattr(user, name) for name in ("name", "email", "timezone", "approval_policy")}
        return cls(id=user.subject, **shown)


class MeChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    timezone: Annotated[str, Field(max_length=64), AfterValidator(known_timezone)] | None = None
    approval_policy: Policy | None = None


@router.get("/{user_id}/me", response=Me)
async def get_me(request: UserRequest, user_id: str) -> Me:
    return Me.of(request.auth)


@router.patch("/{user_id}/me", response=Me)
async def change_me(request: UserRequest, user_id: str, change: MeChange) -> Me:
    def save() -> User:
        user = User.objects.get(pk=request.auth.pk)
        for name, value in change.model_dump(exclude_none=True).items():
            setattr(user, name, value)
        user.save(update_fields=["name", "timezone", "approval_policy"])
        return user

    return Me.of(await section(save))


@router.delete("/{user_id}/me", response={204: None})
async def delete_me(request: UserRequest, user_id: str) -> Status[None]:
    """Delete the account and everything in it, for good. Tokens that were issued before are refused from now on."""
    await section(request.auth.close)
    return Status(204, None)


class AccessTokenIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    scope: Scope
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class AccessTokenOut(BaseModel):
    """An access token. `scope`: read; change, but not delete; or full."""

    id: str
    name: str
    scope: str
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    last_used_at: datetime.datetime | None

    @classmethod
    def of(cls, token: AccessToken, **more: Any) -> Self:
        shown: dict[str, Any] = {"id": token.public_id, "name": token.name, "scope": token.scope}
        times = {name: getattr(token, name) for name in ("created_at", "expires_at", "last_used_at")}
        return cls(**shown, **times, **more)


class NewAccessTokenOut(AccessTokenOut):
    secret: str = Field(
        serialization_alias="token", description="The secret itself. It is shown this once and stored nowhere."
    )


class AccessTokens(BaseModel):
    items: list[AccessTokenOut]


@router.get("/{user_id}/access-tokens", response=AccessTokens)
async def list_access_tokens(request: UserRequest, user_id: str) -> AccessTokens:
    tokens = await section(lambda: list(AccessToken.objects.filter(user=request.auth)))
    return AccessTokens(items=[AccessTokenOut.of(token) for token in tokens])


@router.post("/{user_id}/access-tokens", response={201: NewAccessTokenOut}, by_alias=True)
async def make_access_token(request: UserRequest, user_id: str, body: AccessTokenIn) -> Status[NewAccessTokenOut]:
    """Make a token for another assistant or a program; see the README for how to use it at `/mcp`."""
    ttl = datetime.timedelta(days=body.expires_in_days) if body.expires_in_days else None
    token, secret = await section(AccessToken.objects.make, request.auth, body.name, body.scope, ttl)
    return Status(201, NewAccessTokenOut.of(token, secret=secret))


@router.delete("/{user_id}/access-tokens/{token_id}", response={204: None})
async def revoke_access_token(request: UserRequest, user_id: str, token_id: str) -> Status[None]:
    """Revoke a token; it is refused from now on."""
    id = ids.read("pat", token_id)
    deleted, _ = await section(AccessToken.objects.filter(user=request.auth, pk=id).delete)
    if not deleted:
        raise NotFound("There is no such access token.")
    return Status(204, None)
