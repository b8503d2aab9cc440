"""Saying recorded conversations again: recordings, cases, comparisons. May import `chat.turns` and what that may."""
