"""Conversations: a host of MCP servers that knows nothing about tasks. May import `core` and `accounts`."""
