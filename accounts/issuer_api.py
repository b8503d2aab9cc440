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
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field

from accounts import issuer
from accounts.models import BUILT_IN_ISSUER, Attempts, Session, User
from accounts.session_store import AGENT, BEGAN_AT
from core.problems import Forbidden, NotFound, Problem, problem_response
from core.sections import section

router = Router(tags=["sign-in"], auth=None)
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Refused(Problem):
    """A sign-up or sign-in that failed, with the code Better Auth gives it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code  # type: ignore[assignment]


class SignUp(BaseModel):
    name: str = Field(min_length=1, max_length=200)
    email: str = Field(max_length=254)
    password: str = Field(max_length=128)


class SignIn(BaseModel):
    email: str = Field(max_length=254)
    password: str = Field(max_length=128)


@router.post("/sign-up/email")
async def sign_up(request: HttpRequest, body: SignUp) -> dict[str, Any]:
    guard(request)
    await section(count_attempt, request, "")
    user = await section(make_user, body)
    await section(begin_session, request, user)
    return {"token": None, "user": user_json(user)}


@router.post("/sign-in/email")
async def sign_in(request: HttpRequest, body: SignIn) -> dict[str, Any]:
    guard(request)
    await section(count_attempt, request, body.email)
    user = await section(check_password, body)
    await section(begin_session, request, user)
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
    here = await section(Session.objects.get, session_key=request.session.session_key)
    session = {
        "userId": user.subject,
        "token": here.public_id,
        "expiresAt": request.session.get_expiry_date().isoformat(),
    }
    return {"session": session, "user": user_json(user)}


@router.get("/list-sessions")
async def list_sessions(request: HttpRequest) -> list[dict[str, Any]]:
    """List where the person is signed in, the newest first."""
    guard(request)
    return [session_json(each) for each in await section(sessions, request)]


class SessionToken(BaseModel):
    token: str = Field(max_length=100, description="As list-sessions gives it.")


@router.post("/revoke-session")
async def revoke_session(request: HttpRequest, body: SessionToken) -> dict[str, bool]:
    """Sign one browser out. Tokens that it has stay good until they expire, fifteen minutes at the most."""
    guard(request)

    def work() -> None:
        for session in sessions(request):
            if session.public_id == body.token:
                session.delete()

    await section(work)
    return {"status": True}


@router.post("/revoke-other-sessions")
async def revoke_other_sessions(request: HttpRequest) -> dict[str, bool]:
    """Sign every other browser out. Tokens that they have stay good for fifteen minutes at the most."""
    guard(request)

    def work() -> None:
        for session in sessions(request):
            if session.session_key != request.session.session_key:
                session.delete()

    await section(work)
    return {"status": True}


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


def count_attempt(request: HttpRequest, email: str) -> None:
    """Count an attempt for an account: from this address, and from anywhere, where ten times as many are allowed.

    Raises `TooMany`.
    """
    if most := settings.SIGN_IN_ATTEMPTS_A_MINUTE:
        Attempts.note(f"sign-in {client_address(request)} {email.casefold()}", most)
        if email:
            Attempts.note(f"sign-in {email.casefold()}", most * 10)


def client_address(request: HttpRequest) -> str:
    """Return the address that a request comes from, as the proxy reports it if we trust one."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUST_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


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


def begin_session(request: HttpRequest, user: User) -> None:
    login(request, user, BACKEND)
    request.session[AGENT] = request.headers.get("User-Agent", "")[:200]
    request.session[BEGAN_AT] = timezone.now().isoformat()


def sessions(request: HttpRequest) -> list[Session]:
    """Return the sessions of the person who is signed in here. Raises `Refused` where nobody is."""
    if (user := session_user(request)) is None:
        raise Refused(401, "UNAUTHORIZED", "Sign in first.")
    return list(user.sessions.filter(expire_date__gt=timezone.now()).order_by("-created_at"))


def session_json(session: Session) -> dict[str, Any]:
    return {
        "id": session.public_id,
        "token": session.public_id,
        "userAgent": session.agent,
        "ipAddress": None,  # not kept
        "createdAt": session.created_at.isoformat(),
        "expiresAt": session.expire_date.isoformat(),
    }


def session_user(request: HttpRequest) -> User | None:
    """Return the signed-in user of the built-in issuer; sessions of staff in the admin do not count."""
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
