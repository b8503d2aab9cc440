"""The ways in: ChatKit, REST, event streams. They call `chat.turns` and `chat.items`, and repeat no rule."""
