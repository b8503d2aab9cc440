"""Tasks as a replay needs them: recorded, restored, compared. May import `tasks.rules` and what that may."""
