"""Turns: begun, run by the agent, journaled, watched, approved, taken over from a process that died.

May import `chat.items`, `chat.llm` and `chat.models`.
"""
