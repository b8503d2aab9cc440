"""What a conversation shows: transcript, citations, widgets, questions, files, cards.

May import `chat.llm` and `chat.models`.
"""
