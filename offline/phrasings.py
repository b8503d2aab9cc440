"""The phrasings people use, as a table tried in order; the first that fits decides.

A row must fit the whole message, which `language.tidy` has made one-spaced and free of polite words before.
"""

import datetime as dt
import re

from offline.intents import (
    Build,
    Intent,
    add,
    appointment,
    ask,
    completed,
    falls_due,
    has_happened,
    label,
    move,
    note,
    on,
    once,
    only_if_past,
    prioritise,
    rename,
    repeat,
    repeating,
    repeats,
    shift,
    small,
    to_finish,
    undate,
    undecided,
    unlabel,
)
from offline.language import LEVEL

IT = r"(?:it|that|this|that one|this one)"
LIST = r"(?:my|the|our|your)?\s*(?:task\s*|to-?do\s*|todo\s*)?list"
ANY_LIST = rf"(?:(?:my|the|our|your|a)\s+(?:[\w'-]+\s+){{1,2}}list|{LIST})"
REF = r"(?P<ref>.+?)"
AMOUNT = r"(?P<amount>(?:\w+ )?(?:couple of |few )?(?:day|week|fortnight|month|year|hour|minute)s?)"
VERBS = (
    "buy|call|phone|ring|pay|e?mail|text|send|book|get|pick up|clean|write|fix|visit|renew|order|return|wash|water|"
    "take|bring|finish the|prepare|plan|meet|read|cook|feed|submit|print|file|study|do the|make an? appointment|repair"
)
_ROWS: list[tuple[str, Build]] = [
    (
        r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|yo|howdy|greetings)(?: there|"
        r" errand| assistant)?",
        small("greeting"),
    ),
    (
        r"(?:many |much )?(?:thanks|thank you|thx|ty|cheers|great|perfect|nice|cool|awesome|ok|okay|"
        r"good job|well done)(?:[ ,]+(?:a lot|so much|very much|you|errand|thanks|that's all|a bunch))*",
        small("thanks"),
    ),
    (
        r"(?:what can you do|help(?: me)?|how (?:do|does) (?:i|you|this|it) (?:use|work|help).*|"
        r"what (?:do|are) you (?:do|able to do|for)|commands?|examples?)",
        small("help"),
    ),
    (
        r"(?:who|what) (?:are|r) (?:you|u)|are you (?:an? )?(?:ai|bot|robot|human|person|real|llm|"
        r"chatgpt|gpt|model|machine|computer|real person|language model).*|(?:what|which) (?:model|llm|"
        r"ai) .*|what's your name",
        small("identity"),
    ),
    (
        r"(?:yes|y|yep|yeah|yup|sure|confirm(?:ed)?|do it|go ahead|ok do it|yes,? (?:do it|"
        r"delete (?:them|it|all)|please|all|sure|go ahead|i am sure)|of course|correct|right)",
        small("yes"),
    ),
    (
        r"(?:no|n|nope|nah|never ?mind|cancel(?: that)?|stop|don't|do not|forget it|no,? (?:don't|thanks|"
        r"thank you|keep (?:it|them)|stop|cancel).*|keep (?:it|them)|none(?: of them)?|abort)",
        small("no"),
    ),
    (
        r"(?:undo|revert)(?: (?:that|it|this|the last (?:change|one|thing|action)|my last (?:change|action)|"
        r"the (?:last )?changes?|what you (?:just )?did|everything you (?:just )?did))?|take (?:that|it) back|"
        r"(?:put|change|turn) (?:that|it) back",
        small("undo"),
    ),
    (r"(?:undo|revert)\b.*", small("undo_other")),
    # Questions
    (
        rf"(?:what(?:'s| has| is)? happened (?:to|with)|what (?:was|has been) (?:done to|changed (?:in|on|about))|"
        rf"(?:show (?:me )?|tell me )?(?:the )?history (?:of|for)|"
        rf"who (?:has )?(?:changed|added|created|completed|deleted|moved|edited|touched))\s+{REF}",
        on("history"),
    ),
    (
        rf"when (?:was|did (?:i|we|someone)) {REF} (?:last )?(?:changed|added|created|edited|moved)|"
        r"when did (?:i|we|someone) (?:change|add|create|edit|move) (?P<ref2>.+)",
        on("history"),
    ),
    (
        r"how (?:am i|are we) doing(?: today| this week| so far)?|how much (?:do i have|have i got|is there)(?: left)?"
        r"(?: to do)?(?: today| this week)?|how much (?:is |work is )?(?:on my list|on my plate|left|open)|"
        r"(?:give me |show me |show )?(?:an |the |my )?(?:overview|statistics|stats|numbers)(?: of (?:my|the) "
        r"(?:tasks|list|week))?|how (?:busy am i|does my (?:week|list|day) look|is my (?:week|list|day) looking)",
        small("overview"),
    ),
    (r"(?:what(?:'s| is)|show(?: me)?|describe|read|when is) (?P<ref>(?:task |number )?#?\d+)", on("did")),
    (
        r"(?:did|have) (?:i|we) (?:already |ever )?"
        r"(?!.*\b(?:anything|any)\b)(?:(?:finish|complete|do|done)(?:ed|d)? )?(?P<ref>.+?)(?: yet|"
        r" already)?",
        on("did"),
    ),
    (
        r"(?:is|was|are) (?P<ref>.+?) (?:already )?(?:done|finished|completed?|ticked off)(?: yet|"
        r" already)?",
        on("did"),
    ),
    (
        r"when (?:is|are|was) (?P<ref>.+?)(?: due| scheduled)?|when (?:do|must|should) i (?:have to |"
        r"need to )?(?P<ref2>.+)",
        on("did"),
    ),
    (
        r"(?!all done$)(?:what|what's|whats|which|show|list|see|display|view|give me|tell me|how many|anything|any|"
        r"is (?:there|anything)|are there|do i|have i|am i|find|search|look for|overdue|everything|my|"
        r"(?:tasks|to-?dos)(?=$| for| due| on)|today|tomorrow|"
        r"this week|upcoming|all|check my|read|i want to see|where)\b.*",
        ask,
    ),
    # Adding
    (
        rf"(?:put|add|write|place)\s+(?:(?:an?|the)\s+(?:new\s+)?(?:task|item|entry)\s+|something\s+)?(?:on|to|onto)"
        rf"\s+(?P<list>{ANY_LIST})\s*[:,-]?\s*(?P<what>.+)",
        add,
    ),
    (
        r"(?:(?:add|create|new|put in|write down)\s+(?:me\s+)?(?:an?\s+|another\s+|the\s+)?|"
        r"(?:make|set|set up)\s+(?:me\s+)?(?:an?|another)\s+)(?:new\s+)?"
        r"(?:task|to-?do|reminder|item|entry)(?:\s+(?:called|named|titled|saying|to|"
        r"for|that says|that))?\b\s*[:,-]?\s*(?P<what>.+)",
        add,
    ),
    (r"(?:todo|to-do|to do|task|note to self|note|new|remember|reminder)\s*:\s*(?P<what>.+)", add),
    (r"note to self,?\s+(?P<what>.+)", add),
    (r"(?:add|put|append)\s+(?:(?:a|the)\s+)?note\s+(?:to|on|for)\s+(?P<ref>[^:]+):\s*(?P<note>.+)", note),
    (rf"(?:add|put|attach)\s+(?:the\s+)?(?:labels?|tags?)\s+(?P<label>#?\S+)\s+(?:to|on)\s+{REF}", label),
    (rf"(?:add|put)\s+(?P<label>#\S+)\s+(?:to|on)\s+(?!{LIST}$){REF}", label),
    (rf"(?:put|add|write|place|stick|enter)\s+(?P<what>.+?\s+(?:on|to|onto|in|into)\s+{ANY_LIST}(?:\W.*)?)", add),
    (
        r"(?:add|remember to|remind me|reminder to|don't let me forget|do not let me forget|don't forget|"
        r"dont forget|dont let me forget|jot down|write down|note down|make a note|"
        r"make sure i)\b\s*[:,]?\s*(?P<what>.+)",
        add,
    ),
    (
        r"(?:i|we)(?:'ve| have)? (?:need|have|must|should|got|gotta|ought|want|still need|still have|"
        r"really need)(?: to)? (?!(?:done|finished|completed)\b)(?P<what>(?<=to ).+|(?<=must ).+|"
        r"(?<=should ).+|(?<=gotta ).+)",
        add,
    ),
    (r"(?:need to|have to|gotta|must)\s+(?P<what>.+)", add),
    (r"schedule\s+(?P<what>an? .+)", appointment),
    # Dates, priorities, labels, titles
    (
        rf"(?:remove|clear|delete|drop|unset)\s+(?:the\s+)?(?:due\s*)?(?:date|deadline|due)\s+(?:from|of|"
        rf"for|on)\s+{REF}",
        undate,
    ),
    (rf"make\s+{REF}\s+undated", undate),
    (
        rf"(?:remove|delete|drop|take)\s+(?:the\s+)?(?:label|tag)\s+#?(?P<label>\S+)\s+(?:from|of|"
        rf"off)\s+{REF}",
        unlabel,
    ),
    (
        rf"(?:stop|end|cancel|remove|clear|delete|drop)\s+(?:the\s+)?(?:repeating|repetition|recurrence|repeats?|"
        rf"recurring)(?:\s+(?:of|for|from|on))?(?:\s+{REF})?",
        once,
    ),
    (rf"(?:don't|do not|no longer|never)\s+repeat(?:\s+{REF})?(?:\s+any ?more)?", once),
    (
        rf"(?:make|let|have)\s+{REF}\s+(?:not repeat|stop repeating|(?:a )?one[ -](?:off|time)(?: task)?|"
        rf"not repeating|non-?repeating)",
        once,
    ),
    (
        rf"{REF}\s+(?:should(?:n't| not| no longer)|shall not|does(?:n't| not)(?: have to)?|no longer)\s+repeats?"
        rf"(?:\s+any ?more)?",
        once,
    ),
    (r"schedule\s+(?!the |my |it\b|task |#)(?P<what>.+)", repeating),
    (
        r"(?:make|set|change|move|let|have|repeat|schedule|reschedule)\s+(?!an?\s|the (?:title|name) )(?P<what>.+)",
        repeat,
    ),
    (
        rf"{REF}\s+(?:(?:is|are)(?: now)?(?: due)?|repeats?|recurs?|happens?|(?:should|shall|must) (?:repeat|be))\s+"
        rf"(?P<rule>(?:on |at |the |every |each |\w+ly\b|once |fortnight).*)",
        repeats,
    ),
    (r"(?P<what>.+? (?:is|are) (?:now )?(?:due|on|for|moved to|scheduled for) .+)", falls_due),
    (
        rf"(?:move|push|postpone|delay|defer|shift|snooze|reschedule|bring)\s+{REF}\s+(?:back\s+|"
        rf"forward\s+|out\s+|earlier\s+|later\s+)?(?:by|for)\s+{AMOUNT}(?:\s+(?:earlier|later|forward|"
        rf"back|sooner))?",
        shift,
    ),
    (
        rf"(?:move|push|postpone|delay|defer|shift|snooze|reschedule|bring|make)\s+{REF}\s+(?:back |"
        rf"forward )?{AMOUNT}\s*(?:earlier|later|forward|back|sooner)?",
        shift,
    ),
    (r"(?:set|change|move)\s+(?:the\s+)?(?:due\s*)?(?:date|deadline|due|time)\s+(?:of|for|on)\s+(?P<what>.+)", move),
    (
        r"(?:move|postpone|push(?: back)?|reschedule|shift|delay|defer|snooze|bring forward|change|set|"
        r"make|schedule)\s+(?P<what>.+)",
        move,
    ),
    (r"(?:move|postpone|push(?: back)?|reschedule|delay|defer|snooze)\s+(?P<what>.+)", undecided),
    (
        rf"(?:set|change)\s+(?:the\s+)?priority\s+(?:of|"
        rf"for)\s+{REF}\s+to\s+(?:priority\s+)?(?P<level>{LEVEL}|[1-4])",
        prioritise,
    ),
    (rf"set\s+(?:the\s+)?priority\s+(?:to\s+)?(?P<level>{LEVEL}|[1-4])", prioritise),
    (
        rf"(?:make|mark|set|change|give|flag|change)\s+{REF}\s+(?:to\s+|as\s+|a\s+|an\s+|with\s+|"
        rf"is\s+)*(?:priority\s+)?(?P<level>{LEVEL}|(?<=priority )[1-4])(?:[ -]priority)?",
        prioritise,
    ),
    (rf"(?:prioriti[sz]e)\s+{REF}", prioritise),
    (
        rf"{REF}\s+(?:is|are)\s+(?:very\s+|really\s+|now\s+|a\s+)*(?P<level>urgent|important|critical|"
        rf"p[1-4]|(?:high|low|medium|top)(?= priority))(?: priority)?",
        prioritise,
    ),
    (
        rf"(?:label|tag)\s+{REF}\s+(?:as|with)\s+(?P<label>.+)",
        label,
    ),
    (rf"(?:label|tag)\s+(?P<ref>{IT}|(?:task\s+)?#?\d+|.+?)\s+#?(?P<label>[^\W\d][\w-]*)", label),
    (rf"(?:rename|retitle)\s+{REF}\s+(?:to|as|into)\s+(?P<new>.+)", rename),
    (rf"(?:change|set|edit|update)\s+(?:the\s+)?(?:title|name)\s+(?:of|for)\s+{REF}\s+to\s+(?P<new>.+)", rename),
    (rf"(?:change|correct|edit|update)\s+{REF}\s+(?:to|into)\s+(?P<new>.+)", rename),
    (rf"call\s+(?P<ref>{IT})\s+(?P<new>.+)", rename),
    # Done, not done, gone
    (r"(?P<what>(?:finish|complete)\s.+)", to_finish),
    (
        rf"(?:reopen|re-open|uncheck|untick|unmark)\s+{REF}|mark\s+(?P<ref2>.+?)\s+(?:as\s+)?(?:not done|"
        rf"undone|open|incomplete|unfinished|not finished)",
        on("reopen"),
    ),
    (
        rf"{REF}\s+(?:is|are|was)(?: not|n't) (?:done|finished|complete)(?: yet| after all)?|"
        rf"(?:i )?(?:didn't|did not) (?:do|finish) (?P<ref2>.+)",
        on("reopen"),
    ),
    (
        rf"(?:mark|set|check|tick|cross|flag)\s+{REF}\s+(?:as\s+)?(?:done|completed?|finished|"
        rf"off(?: {ANY_LIST})?)",
        completed,
    ),
    (
        rf"(?:check off|tick off|cross off|complete|completed|finish|finished|tick|check|close|done with|"
        rf"done|(?:i'm|i am|im|we're) (?:done|finished)(?: with)?|(?:i|we)(?:'ve| have)? (?:already |"
        rf"just )?(?:done|did|finished|completed)(?: with)?)\s*[:,]?\s+{REF}",
        completed,
    ),
    (r"(?:done|finished|completed|(?:i'm|i am|all) (?:done|finished)|did (?:it|that)|got it done)", completed),
    (
        rf"{REF}(?:\s+(?:is|are|was|were|has been|have been|got)|'s)?\s+(?:now\s+|all\s+|both\s+|"
        rf"already\s+)*(?:done|finished|completed?|taken care of|sorted)",
        completed,
    ),
    (r"(?:i|we)(?:'ve| have)? (?:already |just |now |finally )*(?P<ref>[a-z]+(?: .+)?)", only_if_past),
    (rf"take\s+{REF}\s+off(?: {ANY_LIST})?", on("delete")),
    (
        rf"(?:delete|remove|cancel|drop|scrap|clear|erase|trash|get rid of|throw (?:away|out)|discard|bin|"
        rf"dump|wipe|forget about)(?:\s+out)?\s+{REF}(?:\s+(?:from|off|on)\s+{ANY_LIST})?",
        on("delete"),
    ),
    (rf"(?:i )?(?:don't|do not|no longer) need (?:to )?{REF}(?: any ?more)?", on("delete")),
    (rf"(?P<what>(?:{VERBS})\s.+)", add),
    (r"(?:i|we)(?:'ve| have)? (?:got )?(?P<what>(?:an?|the|my) .+)", appointment),
    (r"(?P<ref>.+?)(?P<aux> (?:is|was|are|were|has been|have been|got))? (?P<verb>\w+)", has_happened),
]
TABLE = [(re.compile(rf"(?:{row})$", re.IGNORECASE | re.DOTALL), build) for row, build in _ROWS]


def first_match(text: str, now: dt.datetime) -> Intent | None:
    for pattern, build in TABLE:
        if (match := pattern.match(text)) and (intent := build(match, now)):
            return intent
    return None
