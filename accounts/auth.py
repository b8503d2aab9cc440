"""The one way in for programs: `Authorization: Bearer <token>`."""

import structlog
from django.http import HttpRequest
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from accounts.models import User
from accounts.problems import Forbidden
from accounts.tokens import InvalidToken, authenticate

log = structlog.get_logger("errand.accounts")


class UserRequest(HttpRequest):
    """A request that was let in: `auth` is the user of its token."""

    auth: User


class Bearer(HttpBearer):
    """Lets in the user of a valid token, and only to paths of their own (`/api/{user_id}/…`)."""

    async def authenticate(self, request: HttpRequest, token: str) -> User:
        user = await let_in(token)
        asked_for = request.resolver_match.kwargs.get("user_id") if request.resolver_match else None
        if asked_for not in (None, user.subject):
            raise Forbidden("This token belongs to another user.")
        return user


async def let_in(token: str) -> User:
    """Return the user of a bearer token. Raises `AuthenticationError` (401)."""
    try:
        return await authenticate(token)
    except InvalidToken as error:
        log.info("token.refused", reason=str(error))
        raise AuthenticationError(message="A valid token is required; get one from /api/auth/token.") from error
