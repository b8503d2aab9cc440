import datetime
import functools
import hashlib
import secrets
import zoneinfo
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.module_loading import import_string
from uuid_utils.compat import uuid7

from accounts.claims import Claims
from core import clock, ids
from core.prepared_sql import Prepared
from core.problems import Conflict, TooMany

# The `iss` and `aud` of the built-in issuer. Not an address: users must stay the same when host or port change.
BUILT_IN_ISSUER = "urn:errand"

ACCESS_TOKEN_PREFIX = "errand_"  # noqa: S105  # what a secret begins with, not one
ACCESS_TOKENS_COUNT = 50
USED_PRECISION = datetime.timedelta(minutes=1)


def new_subject() -> str:
    return uuid7().hex


def default_timezone() -> str:
    return settings.DEFAULT_TIMEZONE


def validate_timezone(value: str) -> None:
    """Accept the names of the IANA time zone database only."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError("“%(value)s” is not an IANA time zone such as Europe/Berlin.", params={"value": value})


class UserManager(DjangoUserManager["User"]):
    def sign_up(self, *, name: str, email: str, password: str) -> "User":
        """Make a user of the built-in issuer. Raises `IntegrityError` where the e-mail address is taken."""
        subject = new_subject()
        user = self.model(issuer=BUILT_IN_ISSUER, subject=subject, username=subject, name=name, email=email)
        user.set_password(password)
        with transaction.atomic():
            user.save()
        return user

    def from_claims(self, claims: Claims) -> "User | None":
        """Return the user of a verified token, made on the first one. None where the account no longer exists.

        Found by issuer and subject, never by e-mail: an address can change hands.
        """
        try:
            user, _ = by_subject().get(claims.issuer, claims.subject)
            return user
        except self.model.DoesNotExist:
            if claims.issuer == BUILT_IN_ISSUER:  # its users are made at sign-up: this one was deleted
                return None
            if ClosedAccount.objects.filter(issuer=claims.issuer, subject=claims.subject).exists():
                return None
        fields = {"username": new_subject(), "name": claims.name, "email": claims.email}
        try:
            with transaction.atomic():
                return self.create(issuer=claims.issuer, subject=claims.subject, **fields)
        except IntegrityError:  # two first requests raced; the other one made it
            return self.get(issuer=claims.issuer, subject=claims.subject)


@functools.cache
def by_subject() -> "Prepared[User]":
    return Prepared(User.objects.filter(issuer="<issuer>", subject="<subject>"), ["<issuer>", "<subject>"])


class ApprovalPolicy(models.TextChoices):
    ALWAYS = "always", "every change"
    DESTRUCTIVE = "destructive", "what deletes"
    NEVER = "never", "nothing"


class User(AbstractUser):
    """Somebody with tasks, known by the issuer of their tokens and their subject there; or a member of staff."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    issuer = models.CharField(max_length=200, default="staff")
    subject = models.CharField(max_length=255, default=new_subject)
    name = models.CharField(max_length=200, blank=True)
    timezone = models.CharField(max_length=64, default=default_timezone, validators=[validate_timezone])
    revoked_before = models.DateTimeField(null=True, blank=True, help_text="Tokens issued before this are refused.")
    approval_policy = models.CharField(
        max_length=11,
        choices=ApprovalPolicy,
        default=ApprovalPolicy.DESTRUCTIVE,
        db_default=ApprovalPolicy.DESTRUCTIVE,
        help_text="What the assistant asks for before it does it.",
    )
    tokens_a_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most tokens a day; 0: any number; empty: USER_TOKENS_A_DAY."
    )

    objects: ClassVar[UserManager] = UserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="user_issuer_subject"),
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(issuer=BUILT_IN_ISSUER), name="user_built_in_email"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def close(self) -> None:
        """Delete the account and everything in it, for good."""
        with transaction.atomic():
            ClosedAccount.objects.get_or_create(issuer=self.issuer, subject=self.subject)
            self.delete()

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    def now(self) -> datetime.datetime:
        """Return the present moment on this user's clock."""
        return clock.now().astimezone(self.zone)

    def accepts(self, claims: Claims) -> bool:
        """Tell whether a verified token may still be used: not by a deactivated user, nor when revoked."""
        return self.is_active and not (self.revoked_before and claims.issued_at < self.revoked_before)


class AccessTokenManager(models.Manager["AccessToken"]):
    def make(self, user: User, name: str, scope: str, ttl: datetime.timedelta | None) -> tuple["AccessToken", str]:
        """Make a token; return it with its secret, which is stored nowhere. Raises `Conflict` at the limit."""
        if self.filter(user=user).count() >= ACCESS_TOKENS_COUNT:
            raise Conflict(f"You have {ACCESS_TOKENS_COUNT} access tokens already. Revoke one first.")
        secret = ACCESS_TOKEN_PREFIX + secrets.token_urlsafe(32)
        expires_at = timezone.now() + ttl if ttl else None
        return self.create(user=user, name=name, scope=scope, digest=digest(secret), expires_at=expires_at), secret

    def find(self, secret: str) -> "AccessToken | None":
        """Return the valid token of that secret, noting that it was used; its user is loaded and may be inactive."""
        token = self.select_related("user").filter(digest=digest(secret)).first()
        if token is None or (token.expires_at and token.expires_at < timezone.now()):
            return None
        if not token.last_used_at or timezone.now() - token.last_used_at > USED_PRECISION:
            self.filter(pk=token.pk).update(last_used_at=timezone.now())
        return token


class AccessToken(models.Model):
    """A personal access token: lets another assistant or a program in, for as long as its user wants."""

    class Scope(models.TextChoices):
        READ = "read", "read"
        CHANGE = "change", "change, but not delete"
        FULL = "full", "everything"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=6, choices=Scope)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = AccessTokenManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.show("pat", self.pk)


def digest(secret: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    # Unlike a password, an access token is long and random: one fast hash is enough, and the token is found by it.
    return hashlib.sha256(secret.encode()).hexdigest()


class SigningKey(models.Model):
    """An Ed25519 key of the built-in issuer (RFC 8037). Every process signs with the newest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    private_jwk = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.id)


class Attempts(models.Model):
    """How often something was tried within the present minute, counted for all processes together."""

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of what is counted.")
    count = models.PositiveIntegerField()
    began_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"

    @classmethod
    def note(cls, key: str, most: int) -> None:
        """Count one more. Raises `TooMany` from the attempt on that comes after `most` in a minute."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT_ONE, {"key": digest(key)})
            count, age = cursor.fetchone()
        if count > most:
            raise TooMany("Too many attempts. Wait a minute, then try again.", 60 - age)


# One statement, so that no two processes count the same. Those of earlier minutes are forgotten on the way.
COUNT_ONE = """
WITH forgotten AS (
    DELETE FROM accounts_attempts WHERE began_at < now() - interval '10 minutes' AND key <> %(key)s)
INSERT INTO accounts_attempts AS a (key, count, began_at) VALUES (%(key)s, 1, now())
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN a.began_at < now() - interval '1 minute' THEN 1 ELSE a.count + 1 END,
    began_at = CASE WHEN a.began_at < now() - interval '1 minute' THEN now() ELSE a.began_at END
RETURNING count, extract(epoch FROM now() - began_at)::float
"""


class ClosedAccount(models.Model):
    """A user who was deleted with everything of theirs: tokens that were issued before must not create them again."""

    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=255)
    closed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="closed_account")]

    def __str__(self) -> str:
        return f"{self.issuer} {self.subject}"


class Session(AbstractBaseSession):
    """A browser that somebody signed in with, at the built-in issuer or in the admin."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="sessions")
    agent = models.CharField(max_length=200, blank=True, help_text="What the browser calls itself.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(AbstractBaseSession.Meta):
        pass

    @classmethod
    def get_session_store_class(cls) -> type[Any]:
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")  # type: ignore[no-any-return]

    @property
    def public_id(self) -> str:
        """Return a name for the session other than its key, which would let anybody in."""
        return digest(self.session_key)
