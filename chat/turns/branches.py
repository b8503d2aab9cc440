"""Branches of a conversation: an answer that is asked for again, or a message that is edited, hides what followed.

Nothing is deleted. Each turn knows the one before it (`parent`). Turns with the same parent are versions of each other,
and one of them is active. The person sees, and the model is given, the active turns.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from chat.models import Conversation, Message, Turn
from core.problems import Conflict


def branch_off(conversation: Conversation, replaced: Turn | None) -> dict[str, Any]:
    """Make room for a new turn, in place of `replaced` and what followed it, or at the end; return its fields.

    The conversation is locked.
    """
    active = Turn.objects.filter(conversation=conversation, is_active=True)
    if replaced is None:
        return {"parent": active.order_by("id").last()}
    hidden = active.filter(id__gte=replaced.pk).order_by("id")
    # What a failed turn did is not abandoned when its message is answered again: the new turn goes on from there.
    abandoned = [turn.public_id for turn in hidden if turn.pk != replaced.pk or turn.status != Turn.Status.FAILED]
    fields = {"parent": replaced.parent, "abandoned": abandoned}
    hidden.update(is_active=False)
    return fields


def activate(user: User, public_id: str) -> Turn:
    """Show another version, with what followed it. Raises `Conflict` while an answer is being written, `Missing`."""
    with transaction.atomic():
        turn = Turn.of_user(user, public_id)
        Conversation.locked().get(pk=turn.conversation_id)
        if Turn.objects.filter(conversation=turn.conversation_id, status__in=Turn.UNFINISHED).exists():
            raise Conflict("An answer is still being written in this conversation. Wait for it or stop it first.")
        show(turn)
        turn.refresh_from_db()
    return turn


def show(turn: Turn) -> None:
    """Activate the turns before this one, the turn itself, and after it the newest version each time."""
    parents = dict(Turn.objects.filter(conversation=turn.conversation_id).order_by("id").values_list("id", "parent_id"))
    newest_after: dict[UUID | None, UUID] = {parent: id for id, parent in parents.items()}
    path: set[UUID] = set()
    before: UUID | None = turn.pk
    while before is not None:
        path.add(before)
        before = parents[before]
    after: UUID | None = newest_after.get(turn.pk)
    while after is not None:
        path.add(after)
        after = newest_after.get(after)
    of_conversation = Turn.objects.filter(conversation=turn.conversation_id)
    of_conversation.exclude(id__in=path).update(is_active=False)
    of_conversation.filter(id__in=path).update(is_active=True)
    for id, question in of_conversation.filter(id__in=path).values_list("id", "question_id"):
        Message.objects.filter(pk=question).exclude(turn=id).update(turn=id)  # a message may have several answers


def versions(conversation: Conversation) -> list[dict[str, Any]]:
    """Return, for each message that was edited or answered again, the turns to choose from, the oldest first."""
    turns = Turn.objects.filter(conversation=conversation).filter(~Q(status=Turn.Status.FAILED) | Q(is_active=True))
    siblings: dict[UUID | None, list[Turn]] = {}
    for turn in turns.order_by("id").select_related("question"):
        siblings.setdefault(turn.parent_id, []).append(turn)
    found = []
    for group in siblings.values():
        shown = next((turn for turn in group if turn.is_active), None)
        if shown and shown.question and len(group) > 1:
            choices = [{"turn_id": turn.public_id, "is_active": turn.is_active} for turn in group]
            found.append({"message_id": shown.question.item_id, "turns": choices})
    return found
