"""How tasks change: operations (the one door), what may become of a task, undo, previews.

May import `tasks.queries`, `tasks.models`, and the grammars `tasks.when` and `tasks.recurrence`.
"""
