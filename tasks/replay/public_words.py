"""The words in a record of tasks that no person wrote: they stay when an export is made anonymous."""

from pydantic import BaseModel

from tasks import schemas
from tasks.recurrence import vocabulary
from tasks.when import words

_FILTERS = "open done all overdue today tomorrow next days date no due p1 p2 p3 p4 chat rest mcp page admin undo"
_RULES = "freq byday bymonth bymonthday bysetpos interval count until wkst dtstart rrule mo tu we th fr sa su"

_SHAPES = [each for each in vars(schemas).values() if isinstance(each, type) and issubclass(each, BaseModel)]
_MEMBERS = {word for shape in _SHAPES for name in shape.model_fields for word in name.split("_")}

WORDS = frozenset(
    [
        *words.WEEKDAY_NUMBER,
        *words.MONTH_NUMBER,
        *words.ONES,
        *words.TENS,
        *words.ORDINALS,
        *words.UNITS,
        *words.DAYPARTS,
        *words.NEAR_DAYS,
        *words.ALIASES,
        *(word for phrase in words.HOLIDAYS for word in phrase),
        *vocabulary.UNITS,
        *vocabulary.ADVERBS,
        *vocabulary.WORKDAYS,
        *vocabulary.PLURALS,
        *vocabulary.EACH,
        *_FILTERS.split(),
        *_RULES.split(),
        *_MEMBERS,
    ]
)
_FIXED = """
    format at key source tool priority due_date due_time recurrence_start occurrence_date completed_at
    last_completed_at created_at updated_at version number position status next_cursor cursor action
"""
FIXED = frozenset(_FIXED.split())
