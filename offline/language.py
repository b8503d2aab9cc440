"""Words: how requests are normalised, and the priorities, labels and titles in them."""

import re
from functools import lru_cache

TEXT_LIMIT = 2000  # characters of a message that are read; people write less

_POLITE = re.compile(
    r"^(?:please|pls|plz|hey|hi|hello|ok(?:ay)?|so|well|also|now|then|and|just|errand|assistant|"
    r"(?:can|could|would|will) (?:you|u)|i(?:'d| would) like (?:you )?to (?=add|create|see|delete|remove)|"
    r"i want (?:you )?to (?=add|create|see|delete|remove|move|mark)|let's|go ahead and|"
    r"kindly|actually|can i (?=see|have)|let me (?=see))\b[\s,.!]*",
    re.IGNORECASE,
)
_POLITE_END = re.compile(
    r"[\s,]*(?:\b(?:please|pls|thanks|thank you|thx|for me|would you|ok)\b)?[\s.!?,;]*$", re.IGNORECASE
)

_PRIORITY_WORDS = {
    "p1": "p1 urgent critical asap top highest 1 one",
    "p2": "p2 high important higher 2 two",
    "p3": "p3 medium middle moderate 3 three",
    "p4": "p4 low lower lowest normal no none 4 four",
}
PRIORITIES = {word: priority for priority, words in _PRIORITY_WORDS.items() for word in words.split()}
LEVEL = r"(?:p[1-4]|urgent|critical|asap|top|highest|higher|high|important|medium|moderate|lowest|lower|low|normal|no)"
_PRIORITY = (
    re.compile(
        rf"[\s,]*\b(?:(?:with|as|at|and|of|a|an|it's|its|it is|very)\s+)*({LEVEL})[\s-]priority\b", re.IGNORECASE
    ),
    re.compile(rf"[\s,]*\b(?:with|and)?\s*\bpriority\s*[:=]?\s*(?:is\s+|of\s+)?({LEVEL}|[1-4])\b", re.IGNORECASE),
    re.compile(r"[\s,(]*(?:\b(?:as|with|and|it's)\s+)*(?<![\w#])!?(p[1-4])\b\)?", re.IGNORECASE),
    re.compile(r"^(urgent|important|asap)\s*[:,!-]+\s*", re.IGNORECASE),
    re.compile(
        r"(?:\s*[,;!(-]+\s*|\s+(?:as|it's|it is|this is|that's)\s+)(urgent|important|critical)\)?!*$", re.IGNORECASE
    ),
    re.compile(r"[\s,]+(asap)!*$", re.IGNORECASE),
)
_HASH = re.compile(r"(?:^|\s|,)#([^\W\d][\w-]{0,40})")
_LABELLED = re.compile(
    r"[\s,]+(?:and\s+)?(?:with\s+(?:the\s+)?(?:label|tag)|label(?:l?ed)?(?:\s+it)?(?:\s+as)?|tag(?:ged)?(?:\s+it)?(?:\s+(?:as|with))?)"
    r"\s+#?([^\W\d][\w-]{0,40})\s*$",
    re.IGNORECASE,
)

_IRREGULAR = {
    "bought": "buy", "paid": "pay", "sent": "send", "made": "make", "wrote": "write", "written": "write",
    "went": "go", "got": "get", "took": "take", "taken": "take", "met": "meet", "fed": "feed", "found": "find",
    "did": "do",
    "sold": "sell", "told": "tell", "gave": "give", "brought": "bring", "ran": "run", "swept": "sweep",
    "built": "build", "spoke": "speak", "saw": "see", "ate": "eat", "drove": "drive", "fixed": "fix", "mum": "mom",
}  # fmt: skip
_STOP = (
    "the a an my this that these those to of on in at for from with and or it its is are was be i me you we our your "
    "task tasks todo item items reminder one thing stuff entry please about off up out some all any do does did "
    "have has"
)
STOP_WORDS = frozenset(_STOP.split())


def tidy(text: str) -> str:
    """One line, straight quotes, no polite words around it."""
    text = re.sub(r"^(i)(?=ve\b|m\b)", r"\1'", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r"[\u2018\u2019]", "'", re.sub(r"[\u201c\u201d]", '"', text))
    text = "\n".join(re.sub(r"[^\S\n]+", " ", line).strip() for line in text.strip().splitlines())
    while (shorter := _POLITE.sub("", text, count=1)) != text and shorter:
        text = shorter
    return _POLITE_END.sub("", text).strip() or text.strip(" .!?,;")


def take_priority(text: str) -> tuple[str | None, str]:
    """A priority said in the text, and the text without it. Only unmistakable forms: "send urgent letter" has none."""
    for pattern in _PRIORITY:
        if match := pattern.search(text):
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            return PRIORITIES[match.group(1).lower()], collapse(rest)
    return None, text


def take_labels(text: str) -> tuple[list[str], str]:
    labels = [match.group(1).lower() for match in _HASH.finditer(text)]
    text = _HASH.sub(" ", text)
    if match := _LABELLED.search(text):
        labels.append(match.group(1).lower())
        text = text[: match.start()]
    return list(dict.fromkeys(labels)), collapse(text)


_LIST = re.compile(
    r"\s+(?:on|to|onto|in|into)\s+(?:my|the|our|your|a)\s+(?:(?P<name>[^\W\d_]+(?:[ -][^\W\d_]+)?)[ -])?list(?!\w)",
    re.IGNORECASE,
)
_NOT_OURS = "mailing waiting wait guest email e-mail distribution price contact black white invite"
_NO_LIST = frozenset(_NOT_OURS.split())
_PLAIN_LIST = frozenset({"task", "tasks", "todo", "to-do", "to do"})


def take_list(text: str) -> tuple[str | None, str]:
    """The list that a new task is for, as a label, and the text without it: "milk to the shopping list"."""
    match = _LIST.search(re.sub(r'"[^"]*"', lambda quoted: "\x00" * len(quoted.group()), text))
    if not match:
        return None, text
    name = (match["name"] or "").lower()
    if name.split(" ")[0] in _NO_LIST:
        return None, text
    label = None if not name or name in _PLAIN_LIST else name.replace(" ", "-")
    return label, f"{text[: match.start()]} {text[match.end() :].lstrip(' :')}".strip()


def collapse(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" ,;")


def content_words(text: str) -> list[str]:
    """The words that tell tasks apart, in their base form."""
    words = [base(word) for word in re.findall(r"[^\W_]+", text.lower().replace("'s", "")) if word not in STOP_WORDS]
    return list(dict.fromkeys(words))


def base(word: str) -> str:
    """A crude base form: "called", "calling" and "calls" are "call"."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, least in (("ing", 6), ("ied", 5), ("ies", 5), ("ed", 5), ("es", 6), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            stem = word[: -len(ending)]
            stem += "y" if ending in {"ied", "ies"} else ""
            return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz" else stem.rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


@lru_cache(maxsize=4096)
def alike(one: str, other: str) -> bool:
    """Equal, or one slip apart in words of five letters or more."""
    if one == other:
        return True
    if min(len(one), len(other)) < 4 or max(len(one), len(other)) < 5 or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


_VERBS = (
    "delete remove complete finish postpone reschedule rename remind cancel create clear check reopen label remember "
    "schedule overdue snooze change show list move mark what make push undo"
)
VERBS = tuple(_VERBS.split())
# Words that are one letter away from a verb and mean something else.
_WORDS = (
    "remote relate cancer cleaner clearly compete crate finnish rewind mover movie more love dove cove shop shot snow "
    "slow shoe stow last lost lift lint fist park dark bark mask mack march male mate mike take cake lake wake mare "
    "maze rush bush posh puss pull that whet wheat whit lasts table cheek cheque chuck chick change chance charge "
    "checks mars mare mane"
)
NO_SLIPS = frozenset(_WORDS.split()) - {"change"}


def mended(text: str) -> str:
    """The text with a slip in its verb put right: "delte milk", "shwo my list"."""
    first, space, rest = text.partition(" ")
    word = first.lower()
    verb = next((verb for verb in VERBS if word not in NO_SLIPS and is_slip(word, verb)), first)
    return f"{verb}{space}{rest}"


def is_slip(word: str, verb: str) -> bool:
    """One slip in a verb; in one of four letters only a wrong letter or two that changed places."""
    if len(verb) > 4:
        return alike(word, verb)
    wrong = [n for n, (one, other) in enumerate(zip(word, verb, strict=False)) if one != other]
    swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and sorted(word) == sorted(verb)
    return len(word) == len(verb) and (len(wrong) == 1 or swapped)


def is_irregular(word: str) -> bool:
    return word in _IRREGULAR and word != "mum"


def is_past(word: str) -> bool:
    return is_irregular(word) or (word.endswith("ed") and len(word) > 4)
