"""Which language a text is in, as PostgreSQL's text search knows languages: by its stop words."""

import functools

from django.conf import settings
from django.db import connection

SAMPLE_LENGTH = 4_000
STOP_WORDS_COUNT = 5  # fewer prove nothing

# Each word of the sample against each dictionary: a stop word is one that the dictionary knows and drops.
COUNT_STOP_WORDS = """
WITH words AS (
    SELECT lower(token) AS word, count(*) AS times FROM ts_parse('default', %(sample)s) WHERE tokid IN (1, 2) GROUP BY 1
)
SELECT cfgname, sum(times) FROM pg_ts_config
JOIN pg_ts_dict ON dictname = cfgname || '_stem', words
WHERE ts_lexize(pg_ts_dict.oid::regdictionary, word) = '{}'
GROUP BY cfgname ORDER BY 2 DESC, 1 LIMIT 1
"""


@functools.cache
def names() -> list[str]:
    """Return the names of the text search configurations there are: "english", "german" … and "simple"."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cfgname FROM pg_ts_config WHERE pg_ts_config_is_visible(oid) ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


def exists(name: str) -> bool:
    return name in names()


def of(text: str) -> str:
    """Return the language of a text; `settings.DOCUMENT_LANGUAGE` where it is too short to tell."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_STOP_WORDS, {"sample": text[:SAMPLE_LENGTH]})
        found = cursor.fetchone()
    if found and found[1] >= STOP_WORDS_COUNT:
        return str(found[0])
    return settings.DOCUMENT_LANGUAGE if exists(settings.DOCUMENT_LANGUAGE) else "simple"
