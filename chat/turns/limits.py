"""Limits of one user: turns a minute, tokens a day. Also the cost of a turn."""

import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import User
from chat.models import Turn
from core.problems import TooMany

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)
PER_MILLION = Decimal(1_000_000)


def check(user: User) -> None:
    """Raise `TooMany`, with when to come back, if the user has used up their turns or tokens."""
    now = timezone.now()
    most = settings.USER_TURNS_A_MINUTE
    recent = Turn.objects.filter(user=user, created_at__gt=now - MINUTE).order_by("-created_at")
    if most and (oldest := recent[most - 1 : most].first()):  # the one that must be a minute old first
        seconds = (oldest.created_at + MINUTE - now).total_seconds()
        raise TooMany("You are faster than this server allows. Wait a moment, then send it again.", seconds)
    budget = settings.USER_TOKENS_A_DAY if user.tokens_a_day is None else user.tokens_a_day
    if budget and tokens_since(user, midnight(user)) >= budget:
        seconds = (midnight(user) + DAY - user.now()).total_seconds()
        raise TooMany("You have used up your share of the model for today. Try again tomorrow.", seconds)


def midnight(user: User) -> datetime.datetime:
    """Return when the present day of the user began."""
    return user.now().replace(hour=0, minute=0, second=0, microsecond=0)


def tokens_since(user: User, moment: datetime.datetime) -> int:
    used = Turn.objects.filter(user=user, created_at__gte=moment)
    return used.aggregate(total=Sum(F("input_tokens") + F("output_tokens")))["total"] or 0


def cost(model: str, input_tokens: int, output_tokens: int) -> Decimal | None:
    """Return what tokens cost by `MODEL_PRICES` (a price for a million of input, of output); None if not priced."""
    if model not in settings.MODEL_PRICES:
        return None
    input_price, output_price = settings.MODEL_PRICES[model]
    return (input_tokens * input_price + output_tokens * output_price) / PER_MILLION
