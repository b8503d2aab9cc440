"""The tables of the chat: conversations, messages, turns with their steps, and records of what turns used.

May import `accounts` and `core`.
"""

from chat.models.conversations import TITLE_LENGTH, Conversation, title_from
from chat.models.messages import Message
from chat.models.records import Attachment, ImportedState, Look, PromptTemplate, Toolset
from chat.models.turns import (
    REASON_LENGTH,
    Approval,
    Broadcast,
    LostLease,
    Step,
    Summary,
    Turn,
    lease_end,
)

__all__ = [
    "REASON_LENGTH",
    "TITLE_LENGTH",
    "Approval",
    "Attachment",
    "Broadcast",
    "Conversation",
    "ImportedState",
    "Look",
    "LostLease",
    "Message",
    "PromptTemplate",
    "Step",
    "Summary",
    "Toolset",
    "Turn",
    "lease_end",
    "title_from",
]
