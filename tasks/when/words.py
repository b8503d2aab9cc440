"""The vocabulary of dates, and text cut into tokens."""

import re
from dataclasses import dataclass

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
MONTH_NUMBER = (
    {name: n for n, name in enumerate(MONTHS, 1)} | {name[:3]: n for n, name in enumerate(MONTHS, 1)} | {"sept": 9}
)
# Short forms that are ordinary words too: in a sentence they need a preposition or a time beside them.
SHORT_WEEKDAYS = {"mon": 0, "wed": 2, "sat": 5, "sun": 6}
WEEKDAY_NUMBER = (
    {name: n for n, name in enumerate(WEEKDAYS)}
    | {"tue": 1, "tues": 1, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}
    | SHORT_WEEKDAYS
)
WORDY_MONTHS = {"march", "mar", "may", "jan", "sep", "dec", "august", "june", "april"}  # verbs, names, slang

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
ONES = {word: n for n, word in enumerate(_ONES.split())}
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "ninety": 90}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = {word: n for n, word in enumerate(_ORDINALS.split(), 1)} | {"thirtieth": 30, "fith": 5, "twelth": 12}

# unit -> (what is counted, how many of it)
UNITS: dict[str, tuple[str, int]] = {
    name: unit
    for names, unit in (
        ("minute minutes min mins", ("minutes", 1)),
        ("hour hours hr hrs h", ("minutes", 60)),
        ("day days d day's days'", ("days", 1)),
        ("week weeks wk wks w week's", ("days", 7)),
        ("fortnight fortnights", ("days", 14)),
        ("month months month's", ("months", 1)),
        ("year years yr yrs year's", ("months", 12)),
    )
    for name in names.split()
}
DAYPARTS = {"morning": 9, "noon": 12, "midday": 12, "lunchtime": 12, "afternoon": 15, "evening": 18, "night": 20}
NEAR_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}
HOLIDAYS: dict[tuple[str, ...], tuple[int, int]] = {
    ("christmas", "eve"): (12, 24),
    ("christmas", "day"): (12, 25),
    ("christmas",): (12, 25),
    ("boxing", "day"): (12, 26),
    ("new", "year's", "eve"): (12, 31),
    ("new", "year", "eve"): (12, 31),
    ("new", "year's", "day"): (1, 1),
    ("new", "year's"): (1, 1),
    ("new", "year"): (1, 1),
    ("halloween",): (10, 31),
    ("valentine's", "day"): (2, 14),
}
ALIASES = {
    alias: word
    for word, aliases in {
        "tomorrow": "tomorow tommorow tommorrow tomorro tomorrw tommorw tomorrrow tmrw tmr tmrow tmw 2morrow 2moro",
        "today": "2day tday todya",
        "tonight": "2nite tonite tonigth",
        "yesterday": "yday yesteday yesterdy",
        "monday": "mondey munday",
        "tuesday": "tuseday teusday tusday",
        "wednesday": "wendesday wensday wednsday wedensday wednesay",
        "thursday": "thrusday thurday thurdsay thirsday",
        "friday": "firday fryday frday",
        "saturday": "saterday satuday saturdy",
        "february": "febuary feburary",
        "september": "septemeber setpember",
        "december": "decemeber decembre",
        "night": "nite",
        "weekend": "wknd",
        "christmas": "xmas",
        "year's": "years newyears",
        "valentine's": "valentines",
        "o'clock": "oclock",
        "till": "til 'til",
        "eod": "cob",
    }.items()
    for alias in aliases.split()
}

_TOKEN = re.compile(
    r"""
      (?P<iso>\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w:]))
    | (?P<slashed>\d{1,2}/\d{1,2}(?:/(?:\d{4}|\d{2}))?(?![\w/]))
    | (?P<dotted>\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2})?(?![\w.]))
    | (?P<clock>\d{1,2}(?:[:.]\d{2})?\s?[ap]\.?m(?:\.|(?!\w)) | \d{1,2}:\d{2}(?::\d{2})?h?(?![\w:])
              | \d{1,2}h\d{2}(?!\w) | \d{3,4}h(?!\w))
    | (?P<ordinal>\d{1,3}(?:st|nd|rd|th)(?!\w))
    | (?P<short>2(?:morrow|moro|nite|day)(?!\w))
    | (?P<junk>[^\W\d_]+[\d_]\w*)
    | (?P<number>\d+(?:\.\d+)?)
    | (?P<word>[^\W\d_]+(?:['\u2019][^\W\d_]+)?)
    | (?P<mark>[^\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str  # lower case, spelling corrected
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        word = match.group().lower().replace("\u2019", "'")
        kind = match.lastgroup or "mark"
        if kind == "clock":
            word = word.replace(" ", "").replace(".m", "m").removesuffix(".").replace(".", ":")
        tokens.append(Token("word" if kind == "short" else kind, ALIASES.get(word, word), match.start(), match.end()))
    return tokens
