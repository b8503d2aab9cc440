"""Questions about documents: told from those about tasks, and answered with the passages that fit best, quoted.

The tool finds the passages. This module only decides whether one of them answers, by the words it shares with the
question.
"""

import re
from dataclasses import dataclass
from typing import Any

from offline.conversation import History, Result
from offline.language import STOP_WORDS
from tasks import in_words

TOOL = "search_knowledge"
QUERY_LENGTH = 1_000
STEM = 5  # letters of a word that have to be the same
QUOTED_SENTENCES = 2
ENOUGH = 0.5  # of the question's words

_QUOTE = re.compile(r"\A<quoted>\n(.*?)\n</quoted>\n\n(.*)\Z", re.DOTALL)
_PLACE = (
    r"(?:handbooks?|manuals?|guides?|guidelines?|polic(?:y|ies)|documents?|documentation|docs?|wiki|minutes|contracts?|"
    r"papers?|files?|readme|meeting notes|(?:my|our|the|these) notes)"
)
_ASKS = re.compile(
    rf"^(?:please |can you |could you )*(?:what|where|when|who|whom|how|which|why|do|does|did|is|are|can|may|must|"
    rf"should|tell me|quote|search|find|look)\b.*\b{_PLACE}\b"
    rf"|\baccording to (?:the |my |our )?\w+"
    rf"|^(?:search|look) (?:in|through|up in) .*\b{_PLACE}\b",
    re.IGNORECASE | re.DOTALL,
)
_TASKS = re.compile(r"\b(?:tasks?|to-?dos?|my list|the list|reminders?)\b|#\d", re.IGNORECASE)
_QUESTION = re.compile(
    r"^(?:what|where|when|who|whom|whose|how|which|why|do|does|did|is|are|can|may|must|should|will|am)\b.*\w",
    re.IGNORECASE,
)
_PASSAGE = re.compile(r"\[(doc-\w+)\] ([^\n]*)\n(.*)", re.DOTALL)
_NEXT = re.compile(r"\n\n(?=\[doc-)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NOISE = frozenset(
    [
        "handbook",
        "manual",
        "guide",
        "guideline",
        "policy",
        "document",
        "documentation",
        "docs",
        "wiki",
        "according",
        "say",
        "says",
        "said",
        "tell",
        "tells",
        "mention",
        "search",
        "find",
        "look",
        "does",
        "what",
        "where",
        "when",
        "who",
        "how",
        "which",
        "why",
        "many",
        "much",
        "long",
        "often",
        "about",
        "there",
        "have",
        "has",
        "get",
        "gets",
        "can",
        "may",
        "must",
        "should",
        "will",
        "with",
        "from",
        "into",
        "that",
        "this",
        "they",
        "them",
        "your",
        "ours",
        "quote",
        "please",
        "between",
        "under",
        "over",
    ]
)


@dataclass(frozen=True)
class QuotedPassage:
    marker: str
    place: str
    text: str


def is_question(text: str) -> bool:
    """Whether the message is plainly about what is written somewhere."""
    return bool(_QUOTE.match(text)) or bool(_ASKS.search(text) and not _TASKS.search(text))


def may_be_question(text: str) -> bool:
    """Whether a message that means nothing for tasks is a question that a document may answer."""
    return bool(_QUESTION.match(text.strip())) and len(words(text)) >= 1


def query(text: str) -> dict[str, Any]:
    quote = _QUOTE.match(text)
    asked = f"{quote.group(2)}\n{quote.group(1)}" if quote else text
    return {"query": asked[:QUERY_LENGTH]}


def answer(history: History) -> str | None:
    """The answer once the search has run in this turn."""
    results = [result for result in history.results if result.name == TOOL]
    return told(history.text, results[-1]) if results else None


def told(text: str, result: Result) -> str:
    pieces = [_PASSAGE.match(piece) for piece in _NEXT.split(result.output)]
    passages = [QuotedPassage(*piece.groups()) for piece in pieces if piece]
    if not passages:
        if "has no documents" in result.output:
            return "You have no documents yet. Add some under *Documents*, and I can look things up in them."
        if result.output.startswith("Nothing"):
            return NOTHING
        return f"I could not search your documents: {in_words.escaped(result.output)[:300]}"
    quote = _QUOTE.match(text)
    asked = words(query(text)["query"]) if quote else words(text)
    scored = [(share(asked, words(f"{each.place} {each.text}")), each) for each in passages]
    best = max(score for score, _ in scored)
    if best < ENOUGH:
        return NOTHING
    fitting = [each for score, each in scored if score >= max(ENOUGH, best - 0.01)][:2]
    return "\n\n".join(quoted(each, asked) for each in fitting)


NOTHING = "I find nothing about that in your documents."


def quoted(passage: QuotedPassage, asked: frozenset[str]) -> str:
    """The sentences of a passage that share most words with the question, under the place where they stand."""
    found = [sentence for sentence in _SENTENCE_END.split(passage.text) if sentence.strip()]
    best = max(range(len(found)), key=lambda n: (len(asked & words(found[n])), -n)) if found else 0
    said = " ".join(found[best : best + QUOTED_SENTENCES]) or passage.text
    return f"{in_words.escaped(passage.place)}:\n\n> {in_words.escaped(said)} [{passage.marker}]"


def words(text: str) -> frozenset[str]:
    """The words that matter, cut to their stems."""
    found = re.findall(r"[^\W_]{3,}", text.lower())
    return frozenset(word[:STEM] for word in found if word not in STOP_WORDS and word.rstrip("s") not in _NOISE)


def share(asked: frozenset[str], there: frozenset[str]) -> float:
    """The share of the question's words that are there, from 0 to 1."""
    return len(asked & there) / len(asked) if asked else 0.0
