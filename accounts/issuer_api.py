"""Better Auth's REST paths below `/api/auth`, served by the built-in issuer with Django's sessions.

Shapes: https://www.better-auth.com/docs (e-mail and password, JWT plugin). Errors carry Better Auth's `code` and
`message` beside the members of RFC 9457. All of it is off while `BETTER_AUTH_URL` is set.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from accounts import issuer
from accounts.models import BUILT_IN_ISSUER, User
from accounts.problems import Forbidden, NotFound, Problem, problem_response
from accounts.sections import section

router = Router(tags=["sign-in"], auth=None)
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Refused(Problem):
    """A sign-up or sign-in that failed, with the code Better Auth gives it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code  # type: ignore[assignment]


class SignUp(Schema):
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=254)
    password: str = Field(max_length=128)


class SignIn(Schema):
    email: str = Field(max_length=254)
    password: str = Field(max_length=128)


@router.post("/sign-up/email")
async def sign_up(request: HttpRequest, body: SignUp) -> dict[str, Any]:
    guard(request)
    user = await section(make_user, body)
    await section(login, request, user, BACKEND)
    return {"token": None, "user": user_json(user)}


@router.post("/sign-in/email")
async def sign_in(request: HttpRequest, body: SignIn) -> dict[str, Any]:
    guard(request)
    user = await section(check_password, body)
    await section(login, request, user, BACKEND)
    return {"redirect": False, "token": None, "user": user_json(user)}


@router.post("/sign-out")
async def sign_out(request: HttpRequest) -> dict[str, bool]:
    guard(request)
    await section(logout, request)
    return {"success": True}


@router.get("/get-session")
async def get_session(request: HttpRequest) -> dict[str, Any] | None:
    guard(request)
    user = await section(session_user, request)
    if user is None:
        return None
    session = {"userId": user.subject, "expiresAt": request.session.get_expiry_date().isoformat()}
    return {"session": session, "user": user_json(user)}


@router.get("/token")
async def token(request: HttpRequest) -> dict[str, str]:
    guard(request)
    user = await section(session_user, request)
    if user is None:
        raise Refused(401, "UNAUTHORIZED", "Sign in first.")
    return {"token": await section(issuer.mint, user)}


@router.get("/jwks")
async def jwks(request: HttpRequest) -> dict[str, Any]:
    guard(request)
    return await section(issuer.jwks)


def guard(request: HttpRequest) -> None:
    """Refuse while another server issues tokens, and refuse writes that another site's page sends (CSRF)."""
    if settings.BETTER_AUTH_URL:
        raise NotFound(f"Sign-in is at {settings.BETTER_AUTH_URL}.")
    origin = request.headers.get("Origin")
    is_foreign = origin and urlsplit(origin).netloc != request.get_host()
    if request.method == "POST" and is_foreign and origin not in settings.CSRF_TRUSTED_ORIGINS:
        raise Forbidden("Requests from another origin are refused.")


def make_user(body: SignUp) -> User:
    try:
        validate_email(body.email)
    except ValidationError as error:
        raise Refused(400, "INVALID_EMAIL", "This is not an e-mail address.") from error
    try:
        validate_password(body.password)
    except ValidationError as error:
        code = {"password_too_short": "PASSWORD_TOO_SHORT"}.get(error.error_list[0].code or "", "PASSWORD_TOO_WEAK")
        raise Refused(400, code, " ".join(error.messages)) from error
    try:
        return User.objects.sign_up(name=body.name, email=body.email, password=body.password)
    except IntegrityError as error:
        raise Refused(422, "USER_ALREADY_EXISTS", "There is an account with this e-mail address already.") from error


def check_password(body: SignIn) -> User:
    user = User.objects.filter(issuer=BUILT_IN_ISSUER, email__iexact=body.email, is_active=True).first()
    if user is None:
        User().set_password(body.password)  # takes as long as a check, so that time does not tell who has an account
    if user is None or not user.check_password(body.password):
        raise Refused(401, "INVALID_EMAIL_OR_PASSWORD", "E-mail address or password is wrong.")
    return user


def session_user(request: HttpRequest) -> User | None:
    """Return the signed-in user of the built-in issuer; staff sessions of the admin are not one."""
    user = request.user
    return user if isinstance(user, User) and user.issuer == BUILT_IN_ISSUER and user.is_active else None


def user_json(user: User) -> dict[str, Any]:
    return {
        "id": user.subject,
        "name": user.name,
        "email": user.email,
        "emailVerified": False,
        "image": None,
        "createdAt": user.date_joined.isoformat(),
        "updatedAt": user.date_joined.isoformat(),
    }


def refused_response(request: HttpRequest, error: Refused) -> HttpResponse:
    return problem_response(int(error.status), str(error), code=error.code, message=str(error))
