"""Little words that say nothing about anybody: they stay when a recording is made anonymous."""

_WORDS = """
    a about above add added after again all also am an and another any anything are as at back be because been
    before below between both but by call can change changed complete completed could create date day days delete
    deleted did do does doing done due each end every everything false find first for four from get give go going
    had has have he her here him his history how i if in instead into is it its just keep kept label labels last
    later let like list look make many mark may me more most move much must my new next no none not note notes now
    null number of off old on one only open or other our out over overdue overview own please priority put remind
    reminder remove rename repeat second set she should show since so some still subtask subtasks task tasks than
    thanks that the their them then there these they thing things think third this those three time title to too
    true two under undo until up us use version very want was we were what when where which who why will with
    without would yes you your
"""
STOP_WORDS = frozenset(_WORDS.split())
