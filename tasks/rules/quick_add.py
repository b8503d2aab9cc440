"""A task in one line, as people type it: date, repetition, labels and priority are read out of the text."""

import datetime
import re

from accounts.models import User
from core.problems import Unprocessable
from tasks import recurrence, when
from tasks.rules.task_rules import Values, read_due, read_recurrence

LABEL = re.compile(r"(?<!\S)#([^\W\d_][\w-]{0,48})(?!\S)")
PRIORITY = re.compile(r"(?<!\S)!?(p[1-4])(?!\S)", re.IGNORECASE)


def read(user: User, text: str) -> Values:
    """Return the values of `TaskIn` that a line says, as JSON. Raises `Unprocessable` where no title is left.

    "water the plants every monday 9am #home p2" → title, recurrence, labels, priority. What cannot be a date, such as
    "february 30" or "every hour", stays in the title: a person who types sees it there.
    """
    values: Values = {}
    if labels := LABEL.findall(text):
        values["labels"] = [label.casefold() for label in dict.fromkeys(labels)]
        text = LABEL.sub("", text)
    if priority := PRIORITY.search(text):
        values["priority"] = priority[1].casefold()
        text = text[: priority.start()] + text[priority.end() :]
    text = read_time(text, user.now(), values)
    title = " ".join(text.split())
    if not title:
        raise Unprocessable("What is to be done? Only a date, labels or a priority were given.")
    return {"title": title[:1].upper() + title[1:], **values}


def preview(user: User, text: str | None, due: str | None, repetition: str | None) -> Values:
    """Return how a line, a date or a repetition is read: the values that it sets. Raises `Unprocessable`."""
    values = read(user, text) if text else {}
    if due or (due := values.pop("due", None)):
        moment = read_due(due, user.now())
        values["due_date"] = moment.date.isoformat()
        values["due_time"] = moment.time.isoformat("minutes") if moment.time else None
    if repetition or (repetition := values.get("recurrence")):
        rule = read_recurrence(repetition, user.now())
        values |= {"recurrence": rule.rrule, "recurrence_text": recurrence.say(rule)}
    return values


def read_time(text: str, now: datetime.datetime, values: Values) -> str:
    """Take repetition or date out of the text, into `values`; return what is left."""
    try:
        repeated = recurrence.find(text, now)
        dated = None if repeated else when.find(text, now)
    except (recurrence.NotARule, when.NotADate):
        return text
    if repeated:
        rule, spans = repeated
        values["recurrence"] = rule.rrule
        if rule.time:
            values["due_time"] = rule.time.isoformat("minutes")
        if rule.start:
            values["due_date"] = rule.start.isoformat()
        return when.without(text, spans)
    if dated:
        moment, spans = dated
        values["due"] = moment.iso()
        return when.without(text, spans)
    return text
