"""The words that say how often something repeats."""

from tasks.when import words

UNITS = {
    word: unit
    for names, unit in (
        ("day days", ("DAILY", 1)),
        ("week weeks wk wks", ("WEEKLY", 1)),
        ("fortnight fortnights", ("WEEKLY", 2)),
        ("month months", ("MONTHLY", 1)),
        ("quarter quarters", ("MONTHLY", 3)),
        ("year years year's", ("YEARLY", 1)),
    )
    for word in names.split()
}
ADVERBS = {
    "daily": ("DAILY", 1),
    "everyday": ("DAILY", 1),
    "nightly": ("DAILY", 1),
    "weekly": ("WEEKLY", 1),
    "fortnightly": ("WEEKLY", 2),
    "biweekly": ("WEEKLY", 2),
    "monthly": ("MONTHLY", 1),
    "quarterly": ("MONTHLY", 3),
    "semiannually": ("MONTHLY", 6),
    "yearly": ("YEARLY", 1),
    "annually": ("YEARLY", 1),
}
DOUBTFUL = {
    "bimonthly": '"every 2 months" or, for twice a month, "every 1st and 15th"',
    "biannually": '"every 6 months" or "every 2 years"',
    "biannual": '"every 6 months" or "every 2 years"',
}
OFTEN = {"hour", "hours", "minute", "minutes", "second", "seconds", "min", "mins"}
WORKDAYS = {"weekday", "weekdays", "workday", "workdays"}
WEEKEND = ((0, 5), (0, 6))
PLURALS = {f"{name}s": day for day, name in enumerate(words.WEEKDAYS)}
WEEKDAY = words.WEEKDAY_NUMBER | PLURALS
EACH = {"every", "each"}
# Words before "every" that make it the object of something else: "a report for every month".
OBJECT = {"for", "of", "than", "like", "in", "between", "about", "not", "almost", "nearly", "count", "list", "one"}
ARTICLES = {"the", "a", "an", "my", "our", "your", "his", "her", "their", "this", "that", "new", "old", "york", "#"}
