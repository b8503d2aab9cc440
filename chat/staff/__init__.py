"""What staff see in the admin: timelines, search, figures. May import `chat.turns` and `chat.models`."""
