"""Approvals: calls that wait for the person, what they would do, and what the person decided.

An approval is bound to the arguments and to the present state of what would change (`core.tools.previews`): if that
state is different when the call is made, nothing is done and the person is asked again. Each can be used once.
"""

from typing import Any, Literal

from agents import UserError
from chatkit.types import ThreadItem, WidgetItem
from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field, model_validator

from accounts.models import User
from chat import ids
from chat.items.approval_card import card_item, parts_of
from chat.models import Approval, Conversation, Message, Step, Turn
from chat.tool_servers import ToolCall, is_destructive
from chat.turns import model_input
from core.problems import Conflict, Unprocessable
from core.tools.previews import PlannedChange, fingerprint_of

REJECTED = "The person did not approve this call: nothing was done. Do not make it again; ask what they want instead."
WITHDRAWN = "The person did not approve this call and went on to something else: nothing was done."


class WaitingCall(BaseModel):
    """A call that needs the person's yes. `changes`: what it would do, or None if its tool cannot say so in advance.

    Once decided, `arguments` are those the person approved, and `expects` is the plan that they approved.
    """

    id: str
    name: str
    title: str
    arguments: dict[str, Any]
    is_destructive: bool
    changes: list[PlannedChange] | None = None
    verdict: Literal["approve", "reject", "edit"] | None = None
    is_edited: bool = False
    is_stale: bool = False  # it was approved, but what it would do has changed since
    expects: str | None = None


class ApprovalNeeded(UserError):
    """The turn cannot go on before the person has decided on some calls. The SDK passes on its own errors only."""

    def __init__(self, calls: list[WaitingCall]) -> None:
        self.calls = calls
        super().__init__(", ".join(call.name for call in calls))


class CallDecision(BaseModel):
    """The decision on one call: approved, perhaps without some of its `changes` (by position), rejected, or edited.

    The person is asked about an edited call again, with what it would do then.
    """

    model_config = ConfigDict(extra="forbid")

    id: str
    approve: bool | None = None
    leave_out: list[int] = Field(default=[], max_length=1000)
    arguments: dict[str, Any] | None = None


class Decision(BaseModel):
    """`approve` decides on all calls that `calls` does not name. With `approval_id`, only that approval is decided."""

    model_config = ConfigDict(extra="forbid")

    approve: bool | None = None
    approval_id: str | None = None
    calls: list[CallDecision] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def says_something(self) -> "Decision":
        if self.approve is None and not self.calls:
            raise ValueError("say `approve`: true or false, for all or for each of `calls`")
        return self


def waiting_call(call: ToolCall, edited: WaitingCall | None, *, is_stale: bool) -> WaitingCall:
    """Return a call as the person is asked about it, with their own arguments if they edited it."""
    return WaitingCall(
        id=call.id,
        name=call.name,
        title=call.title,
        arguments=edited.arguments if edited else call.arguments,
        is_destructive=is_destructive(call.tool),
        is_edited=bool(edited and edited.is_edited),
        is_stale=is_stale,
    )


# ---- sections


def pending(turn: Turn) -> Approval | None:
    return turn.approvals.filter(status=Approval.Status.PENDING).first()


def decided(turn: Turn, response_number: int) -> dict[str, WaitingCall]:
    """Return the decisions about calls of a response, by the calls' ids. The last decision on a call counts."""
    found = turn.approvals.filter(response_number=response_number, status=Approval.Status.DECIDED).order_by("id")
    calls = [WaitingCall.model_validate(call) for approval in found for call in approval.calls]
    return {call.id: call for call in calls}


def pause(turn: Turn, response_number: int, calls: list[WaitingCall], items: list[Any]) -> Any:
    """Let a turn wait for the person. Store what was open on the screen, and return the item that asks."""
    with transaction.atomic():
        Conversation.touch(turn.conversation_id)  # before the turn, as everywhere
        changes = turn.end_run(Turn.Status.AWAITING_APPROVAL)
        approval = Approval(turn=turn, response_number=response_number, item_id=ids.new_id("widget"))
        approval.calls = [call.model_dump(mode="json") for call in calls]
        approval.save(force_insert=True)
        card = card_item(approval, turn.conversation.public_id)
        Message.put_all(turn.conversation_id, [*items, card], turn.pk, turn.stored_items)
    turn.keep(changes)
    return card


def decide(user: User, public_id: str, decision: Decision) -> tuple[Turn, bool]:
    """Decide what a turn waits for; return the turn, and whether it has to go on in this process now.

    The same decision again changes nothing. Raises `Conflict` if there is nothing to decide, or if the
    decision was a different one; `Missing`; `Unprocessable`.
    """
    with transaction.atomic():
        turn = locked(user, public_id)
        turn.conversation.check_open()
        asked = turn.approvals.all()
        if decision.approval_id:
            asked = asked.filter(pk=ids.read("apr", decision.approval_id))
        approval = asked.last()
        if approval is None:
            raise Conflict("This turn does not wait for an approval.")
        said = decision.model_dump(mode="json", exclude={"approval_id"})
        if approval.status != Approval.Status.PENDING:
            if approval.decision == said:
                return turn, False
            raise Conflict("This was decided already.")
        approval.calls = [call.model_dump(mode="json") for call in judged(waiting_calls(approval), decision)]
        approval.decision = said
        turn.settled = (settle(approval, Approval.Status.DECIDED),)
        turn.go_on()
    return turn, True


class CardPayload(BaseModel):
    """What a button of the card sends. With `is_parted`, only the changes that are ticked are approved."""

    approval_id: str
    turn_id: str
    approve: bool | None = None
    is_parted: bool = False
    is_edit: bool = False
    include: dict[str, bool] = Field(default={}, max_length=1000)
    arguments: dict[str, Any] = Field(default={}, max_length=100)

    def decision(self, calls: list[WaitingCall]) -> Decision:
        said = [CallDecision(id=call.id, **self.about(call, place)) for place, call in enumerate(calls)]
        return Decision(approval_id=self.approval_id, approve=self.approve, calls=said)

    def about(self, call: WaitingCall, place: int) -> dict[str, Any]:
        if self.is_edit:  # the person is asked about all again, including those that stay as they are
            return {"arguments": filled_in(call.arguments, self.arguments.get(str(place)))}
        if not self.approve or not self.is_parted:
            return {"approve": bool(self.approve)}
        parts = parts_of(call.model_dump())
        return {"approve": True, "leave_out": [n for n in parts if not self.include.get(f"{place}-{n}")]}


def filled_in(value: Any, given: Any) -> Any:
    """Return arguments with what was written into a form, where everything is text and list items have positions."""
    match value:
        case dict() if isinstance(given, dict):
            return {name: filled_in(each, given[name]) if name in given else each for name, each in value.items()}
        case list() if isinstance(given, dict):
            places = enumerate(value)
            return [filled_in(each, given[str(place)]) if str(place) in given else each for place, each in places]
        case int() if not isinstance(value, bool):
            try:
                return int(given)
            except (TypeError, ValueError):
                raise Unprocessable(f"“{str(given)[:80]}” is not a number.") from None
        case str() if isinstance(given, str):
            return given
    return value


def decide_by_card(user: User, payload: CardPayload) -> tuple[Turn, bool]:
    """Decide as the buttons of the card say. Raises as `decide` does."""
    approval = find(user, payload)
    return decide(user, approval.turn.public_id, payload.decision(waiting_calls(approval)))


def find(user: User, payload: CardPayload) -> Approval:
    found = Approval.objects.select_related("turn__conversation").filter(turn__user=user)
    approval = found.filter(pk=ids.read("apr", payload.approval_id)).first()
    if approval is None:
        raise ids.Missing("There is no such approval.")
    return approval


def locked(user: User, public_id: str) -> Turn:
    """Return the user's turn, with its conversation and itself locked, in the order of `turns.begin`."""
    found = Turn.objects.filter(user=user, pk=ids.read("turn", public_id))
    Conversation.locked().filter(turns__in=found).first()
    turn = found.select_related("conversation", "user").select_for_update(of=["self"]).first()
    if turn is None:
        raise ids.Missing("There is no such turn.")
    return turn


def waiting_calls(approval: Approval) -> list[WaitingCall]:
    return [WaitingCall.model_validate(call) for call in approval.calls]


def judged(calls: list[WaitingCall], decision: Decision) -> list[WaitingCall]:
    """Return the calls with their verdicts. Raises `Unprocessable` for a decision that does not fit them."""
    said = {each.id: each for each in decision.calls}
    if unknown := said.keys() - {call.id for call in calls}:
        raise Unprocessable(f"There is no call {sorted(unknown)[0][:80]} to decide on.")
    return [judge(call, said.get(call.id) or CallDecision(id=call.id), decision.approve) for call in calls]


def judge(call: WaitingCall, said: CallDecision, approve: bool | None) -> WaitingCall:
    if said.arguments is not None:
        is_edited = call.is_edited or said.arguments != call.arguments
        return call.model_copy(update={"verdict": "edit", "arguments": said.arguments, "is_edited": is_edited})
    approve = approve if said.approve is None else said.approve
    if approve is None:
        raise Unprocessable(f"Say whether the call {call.id} is approved.")
    if not approve:
        return call.model_copy(update={"verdict": "reject"})
    return approved_part(call, set(said.leave_out))


def approved_part(call: WaitingCall, left_out: set[int]) -> WaitingCall:
    """Return a call approved without some of its changes."""
    changes = call.changes or []
    if left_out - set(range(len(changes))):
        raise Unprocessable(f"The call {call.id} has no such changes to leave out.")
    items = {changes[place].item for place in left_out}
    kept = [
        change
        for place, change in enumerate(changes)
        if place not in left_out and (change.item is None or change.item not in items)
    ]
    lists = [name for name, value in call.arguments.items() if isinstance(value, list)]
    if left_out and not kept:
        return call.model_copy(update={"verdict": "reject"})
    if left_out and (None in items or len(lists) != 1):
        raise Unprocessable(f"The call {call.id} can only be approved as a whole.")
    arguments = call.arguments
    if left_out:
        rest = [each for place, each in enumerate(arguments[lists[0]]) if place not in items]
        arguments = arguments | {lists[0]: rest}
    expects = fingerprint_of([change.fingerprint for change in kept]) if call.changes is not None else None
    update = {"verdict": "approve", "arguments": arguments, "expects": expects}
    return call.model_copy(update=update | {"is_edited": call.is_edited or bool(left_out)})


def settle(approval: Approval, status: str) -> WidgetItem:
    """Close an approval; return its card, which shows the decision from now on."""
    approval.status, approval.decided_at = status, timezone.now()
    approval.save(update_fields=["status", "decided_at", "calls", "decision"])
    card = card_item(approval, approval.turn.conversation.public_id)
    Message.put(approval.turn.conversation_id, card, approval.turn_id)
    return card


def withdraw(turn: Turn) -> list[ThreadItem]:
    """End a turn whose question the person left unanswered; return its card. Its conversation must be locked."""
    if (approval := pending(turn)) is None:
        return []
    card = settle(approval, Approval.Status.WITHDRAWN)
    steps = list(turn.steps.all())
    for number, item in enumerate(model_input.unanswered(steps), len(steps) + 1):
        output = model_input.output_item(item["call_id"], WITHDRAWN)
        step = Step(turn=turn, number=number, kind=Step.Kind.TOOL, items=[output], call_id=item["call_id"])
        step.name, step.arguments, step.result, step.is_error = item["name"][:100], item["arguments"], WITHDRAWN, True
        step.save(force_insert=True)
    turn.withdraw()
    return [card]


def stop(turn: Turn) -> None:
    """Withdraw the question of a turn, if it still waits."""
    with transaction.atomic():
        withdraw(locked(turn.user, turn.public_id))


def shown(turn: Turn) -> dict[str, Any] | None:
    """Return what a turn waits for as the API tells it, or None."""
    if (approval := pending(turn)) is None:
        return None
    hidden: Any = {"changes": {"__all__": {"fingerprint"}}, "verdict": True, "expects": True}
    calls = [call.model_dump(mode="json", exclude=hidden) for call in waiting_calls(approval)]
    return {"id": approval.public_id, "created_at": approval.created_at.isoformat(), "calls": calls}
