"""Tasks: their rules, operations and undo, and every way they are reached. May import `core` and `accounts`."""
