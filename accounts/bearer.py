"""The one way in for programs: `Authorization: Bearer <token>`."""

import structlog
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from accounts.models import AccessToken, User
from accounts.tokens import Access, InvalidToken, authenticate
from core.problems import Forbidden

log = structlog.get_logger("errand.accounts")


class UserRequest(HttpRequest):
    """A request that was let in: `auth` is the user of its token, `access` what it lets them do."""

    auth: User
    access: Access


class Bearer(HttpBearer):
    """Lets in the user of a valid token, and only to paths of their own (`/api/{user_id}/…`).

    An access token without full scope may only read here: the method of a request does not say whether it deletes.
    """

    async def authenticate(self, request: HttpRequest, token: str) -> User:
        access = await let_in(token)
        asked_for = request.resolver_match.kwargs.get("user_id") if request.resolver_match else None
        if asked_for not in (None, access.user.subject):
            raise Forbidden("This token belongs to another user.")
        if access.scope != AccessToken.Scope.FULL and request.method not in {"GET", "HEAD"}:
            raise Forbidden("This access token may only read here. Its tools at /mcp may do more.")
        request.access = access  # type: ignore[attr-defined]
        return access.user


async def let_in(token: str) -> Access:
    """Return whom a bearer token lets in. Raises `AuthenticationError` (401)."""
    try:
        return await authenticate(token)
    except InvalidToken as error:
        log.info("token.refused", reason=str(error))
        raise AuthenticationError(message="A valid token is required; get one from /api/auth/token.") from error
