"""The grammar: the run of parts that makes a phrase."""

from tasks.when.reader import Cue, Part, Read
from tasks.when.times import Times


class Grammar(Times):
    def run(self, i: int) -> tuple[list[Part], int]:
        """The parts that stand side by side from here, each of date, time and time of day at most once."""
        parts: list[Part] = []
        end = j = i
        while read := self.part(j):
            part, after = read
            if parts and (part.cue == Cue.PREPOSITION or not fits(parts, part)):
                break
            if not parts and part.cue == Cue.PREPOSITION and not self.whole:
                return [part], after
            parts.append(part)
            end = j = after
            for _ in range(2):
                j = self.skip(j, ",", "at", "@", "on", "by", "around", "about", "before", "the", "for")
                if self.text(j - 1) == "for" and not self.whole:
                    return parts, end
            if self.text(j) in {"in"} and self.part(j) is None:
                break
        return parts, end

    def part(self, i: int) -> Read[Part]:
        """The longer of a date and a time here."""
        return max((read for read in (self.date(i), self.time(i)) if read), key=lambda read: read[1], default=None)


def fits(parts: list[Part], part: Part) -> bool:
    """Whether nothing that the part says was said before."""
    said = [(p.date is not None, p.time is not None, bool(p.daypart)) for p in parts]
    new = (part.date is not None, part.time is not None, bool(part.daypart))
    return not any(old and fresh for one in said for old, fresh in zip(one, new, strict=True))
