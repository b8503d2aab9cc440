"""A whole message: one request, one with several changes, or several requests in a row."""

import datetime as dt
import re
from dataclasses import replace

from offline import language, references
from offline.intents import Intent, WantedChange
from offline.phrasings import IT, first_match
from tasks import recurrence, when

CHANGES = {"complete", "reopen", "delete", "update"}
MOST_IN_A_ROW = 5  # requests in one message


def understand(text: str, now: dt.datetime) -> Intent:
    """What the message asks for; "unknown" rather than a guess."""
    if len(text) > language.TEXT_LIMIT:
        return Intent("problem", problem="That is too long for me. Tell me one thing at a time, in a sentence or two.")
    tidied = language.tidy(text)
    try:
        return (
            together(tidied, now)
            or in_a_row(tidied, now)
            or first_match(tidied, now)
            or rule_first(tidied, now)
            or in_a_row(language.mended(tidied), now)
            or first_match(language.mended(tidied), now)
            or Intent("unknown")
        )
    except (when.NotADate, recurrence.NotARule) as fault:
        return Intent("problem", problem=f"{fault} Nothing was changed.")


_THEN = re.compile(
    rf",?\s+(?:and then|and|then)\s+(?="
    rf"(?:make|set|mark|move|reschedule|push|postpone|rename|call|tag|label|give|repeat)\s+{IT}\b"
    r"|set (?:the )?priority\b)",
    re.IGNORECASE,
)


def together(text: str, now: dt.datetime) -> Intent | None:
    """ "move the dentist to monday and make it p1": one task, several changes."""
    first, *others = _THEN.split(text, maxsplit=4)
    if not others:
        return None
    intents = [first_match(part, now) for part in (first, *others)]
    if not intents[0] or intents[0].kind not in {"add", "update"}:
        return None
    whole = intents[0]
    for later in intents[1:]:
        if later is None or later.kind != "update":
            return None
        whole = joined(whole, later.change, now)
    return whole


def joined(intent: Intent, change: WantedChange, now: dt.datetime) -> Intent:
    if intent.kind == "update":
        return replace(intent, change=intent.change.merged(change))
    due = when.parse(change.due, now).iso() if change.due else None
    drafts = tuple(
        replace(
            d,
            due=due or d.due,
            priority=change.priority or d.priority,
            labels=d.labels + change.add_labels,
            recurrence=change.recurrence or d.recurrence,
        )
        for d in intent.drafts
    )
    return replace(intent, drafts=drafts)


def rule_first(text: str, now: dt.datetime) -> Intent | None:
    """ "every friday remind me to water the plants": the repetition before the request."""
    found = recurrence.find(text, now)
    if not found or found[1][0][0] > 0:
        return None
    rest = when.without(text, found[1])
    intent = first_match(rest, now)
    if not intent or intent.kind != "add" or len(intent.drafts) > 1:
        return None
    return first_match(f"{rest} {recurrence.say(found[0])}", now)


_VERB = (
    r"complete|finish|mark|check off|tick off|cross off|tick|delete|remove|cancel|drop|get rid of|reopen|uncheck|move|"
    r"reschedule|postpone|push|delay|rename|prioriti[sz]e|label|tag|make|set|change|repeat|stop repeating"
)
_NEW = r"add|create|new task|remind me|put"
_AND = re.compile(
    rf"(?:\s*[,;.]?\s+(?:and then|and also|and|then|also|plus)\s+|\s*[;.\n]\s*|\s*,\s*)(?=(?:{_VERB}|{_NEW})\b)",
    re.IGNORECASE,
)


def in_a_row(text: str, now: dt.datetime) -> Intent | None:
    """ "add milk and complete task 3": each request by itself, in order. None where that may be the words of a title.

    Behind a new task only a plain reference ("task 3", "the milk task") begins another request.
    """
    pieces = cut(text)
    if not 2 <= len(pieces) <= MOST_IN_A_ROW:
        return None
    intents = [first_match(piece, now) for piece in pieces]
    known = [replace(intent, said=piece) for intent, piece in zip(intents, pieces, strict=True) if intent]
    if len(known) < len(pieces) or any(intent.kind not in CHANGES | {"add"} for intent in known):
        return None
    if all(intent.kind == "add" for intent in known):
        return None
    adds = known[0].kind == "add"
    if adds and not all(later.kind == "add" or is_unmistakable(later) for later in known[1:]):
        return None
    return Intent("several", several=tuple(known))


_MARKED = re.compile(r"(?:mark|tick|check|cross)\s.+\s(?:done|completed?|finished|off)", re.IGNORECASE)


def is_unmistakable(intent: Intent) -> bool:
    """Whether the words can hardly be a part of the title before them."""
    return references.is_plain(intent.reference) or bool(_MARKED.fullmatch(intent.said))


def cut(text: str) -> list[str]:
    """The text before each "and <verb>", quoted words left whole."""
    masked = re.sub(r'"[^"]*"', lambda quoted: "x" * len(quoted.group()), text)
    places = [(match.start(), match.end()) for match in _AND.finditer(masked)]
    starts, ends = [0, *(end for _, end in places)], [*(start for start, _ in places), len(text)]
    return [text[start:end].strip() for start, end in zip(starts, ends, strict=True)]
