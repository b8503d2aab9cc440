"""Reading conversations: what was said, and for each turn what the agent did. Only undo and lock change anything."""

import io
import json
import zipfile
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.caller import Caller
from chat.items import undo_card
from chat.models import Conversation, Look, PromptTemplate, Step, Turn
from chat.replay import cases, export_files
from chat.replay.recording import record
from chat.staff import figures, search, timeline, versions
from chat.staff import request as requests
from chat.staff.pictures import bar
from core.read_only_admin import CountedToAPoint, ReadOnly

EXPORTED = 200


class WithFacts(ChangeList):
    """A page of conversations, with what is known of their turns."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page = list(self.result_list)
        facts = search.facts(page)
        for conversation in page:
            conversation.facts = facts.get(conversation.pk, {})
        self.result_list = page


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, admin.ModelAdmin[Conversation]):
    list_display = ["named", "user", "status_of", "model_of", "turns_of", "tokens_of", "cost_of", "updated_at"]
    list_display_links = ["named"]
    list_select_related = ["user"]
    list_per_page = 50
    search_fields = ["title"]  # shows the field; what it finds is `chat.staff.search`
    sortable_by = []  # each order would need an index over everybody's rows
    ordering = ["-updated_at", "-id"]
    show_full_result_count = False
    paginator = CountedToAPoint
    actions = ["export", "lock", "unlock"]
    change_list_template = "admin/chat/conversation/list.html"

    @admin.display(description="Conversation")
    def named(self, conversation: Conversation) -> str:
        return str(conversation)

    @admin.display(description="Last turn")
    def status_of(self, conversation: Any) -> str:
        return str(conversation.facts.get("status") or "—").replace("_", " ")

    @admin.display(description="Model")
    def model_of(self, conversation: Any) -> str:
        return conversation.facts.get("model") or "—"

    @admin.display(description="Turns")
    def turns_of(self, conversation: Any) -> str:
        failed = conversation.facts.get("failed")
        return f"{conversation.facts.get('turns', 0)}" + (f" ({failed} failed)" if failed else "")

    @admin.display(description="Tokens")
    def tokens_of(self, conversation: Any) -> str:
        return f"{conversation.facts.get('tokens') or 0:,}"

    @admin.display(description="Cost")
    def cost_of(self, conversation: Any) -> str:
        cost = conversation.facts.get("cost")
        return "—" if cost is None else f"{cost:.4f}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithFacts

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        try:
            return search.Search.of(search_term).apply(queryset), False
        except search.BadSearch as bad:
            self.message_user(request, str(bad), messages.WARNING)
            return queryset.none(), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        extra = {
            "title": "Conversations",
            "statuses": Turn.Status.choices,
            "models": search.models(),
            "said": request.GET.get("q", ""),
        }
        return super().changelist_view(request, extra | (extra_context or {}))  # type: ignore[return-value]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("dashboard/", wrap(self.dashboard_view), name="chat_dashboard"),
            path("<uuid:id>/step/<int:pk>/", wrap(self.step_view), name="chat_step"),
            path("<uuid:id>/export/", wrap(self.export_view), name="chat_export"),
            path("<uuid:id>/case/<uuid:turn>/", wrap(self.case_view), name="chat_case"),
            path("<uuid:id>/undo/<uuid:turn>/", wrap(self.undo_view), name="chat_undo"),
            *super().get_urls(),
        ]

    def look(self, request: HttpRequest, id: UUID, what: str = "timeline") -> Conversation:
        """Return a conversation to a member of staff who may read it, and note that they did. Raises `Http404`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        conversation = get_object_or_404(Conversation.objects.select_related("user"), pk=id)
        Look.objects.create(staff=request.user, conversation_id=id, what=what)  # type: ignore[misc]
        return conversation

    def page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        context |= self.admin_site.each_context(request) | {"opts": self.opts}
        return TemplateResponse(request, f"admin/chat/{template}.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET":
            raise PermissionDenied
        try:
            id = UUID(object_id)
            before = UUID(request.GET["before"]) if "before" in request.GET else None
        except ValueError:
            raise Http404 from None
        conversation = self.look(request, id)
        seen = timeline.of(conversation, before)
        for each in seen.turns:
            each.bar = bar(each.segments)  # type: ignore[attr-defined]
        return self.page(
            request,
            "conversation/timeline",
            title=str(conversation),
            conversation=conversation,
            timeline=seen,
            may_undo=request.user.has_perm("chat.change_turn"),
        )

    def step_view(self, request: HttpRequest, id: UUID, pk: int) -> HttpResponse:
        """Show all that a model was given for a response, and the response."""
        conversation = self.look(request, id, "step")
        step = get_object_or_404(Step.objects.select_related("turn"), pk=pk, turn__conversation=conversation)
        given = requests.of(step)
        parts = [
            (name, value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))
            for name, value in [*given.items(), ("output", step.items)]
            if value is not None
        ]
        title = f"Request and response {step.number}"
        return self.page(request, "conversation/step", title=title, conversation=conversation, step=step, parts=parts)

    def dashboard_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = request.GET.get("days", "")
        days = int(asked) if asked in map(str, figures.DAYS) else 30
        shown = figures.dashboard(days)
        return self.page(request, "dashboard", title="Dashboard", dashboard=shown, choices=figures.DAYS)

    def export_view(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return downloaded(self.look(request, id, "export"))

    def case_view(self, request: HttpRequest, id: UUID, turn: UUID) -> HttpResponse:
        """Give a file that makes a test of a turn: what was there, what was said, what came of it (`evaluate`)."""
        recording = record(self.look(request, id, "case"))
        number = next((number for number, each in enumerate(recording.path, 1) if each.id == turn), None)
        if number is None:
            raise Http404
        content = cases.from_turn(recording, number).encode()
        return attached(content, "application/toml", f"{recording.public_id}-{number}.toml")

    @admin.action(description="Export as files", permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> HttpResponse:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for conversation in queryset.select_related("user")[:EXPORTED]:
                self.look(request, conversation.pk, "export")
                archive.writestr(f"{conversation.public_id}.json", export_files.dump(record(conversation)))
        return attached(packed.getvalue(), "application/zip", "conversations.zip")

    def has_lock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.change_conversation")

    @admin.action(description="Lock: readable, closed to new messages", permissions=["lock"])
    def lock(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self.set_status(request, queryset, {"type": "locked"})

    @admin.action(description="Unlock", permissions=["lock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self.set_status(request, queryset, {})

    def set_status(self, request: HttpRequest, queryset: QuerySet[Conversation], status: dict[str, str]) -> None:
        for conversation in queryset:
            self.look(request, conversation.pk, "lock" if status else "unlock")
        queryset.update(status=status)

    def undo_view(self, request: HttpRequest, id: UUID, turn: UUID) -> HttpResponse:
        """Undo what a turn did, as its user and by the same functions as everybody, recorded as done in the admin."""
        if request.method != "POST" or not request.user.has_perm("chat.change_turn"):
            raise PermissionDenied
        conversation = self.look(request, id, "undo")
        found = get_object_or_404(Turn, pk=turn, conversation=conversation)
        caller = Caller(conversation.user, "admin")
        for result in async_to_sync(undo_card.call_undo)(caller, [found.public_id]):
            self.message_user(
                request, undo_card.summary_of(result), messages.ERROR if result.is_error else messages.SUCCESS
            )
        address = reverse("admin:chat_conversation_change", args=[id])
        return HttpResponseRedirect(f"{address}#{found.public_id}")


def downloaded(conversation: Conversation) -> HttpResponse:
    content = export_files.dump(record(conversation)).encode()
    return attached(content, "application/json", f"{conversation.public_id}.json")


def attached(content: bytes, content_type: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@admin.register(PromptTemplate)
class PromptTemplateAdmin(ReadOnly, admin.ModelAdmin[PromptTemplate]):
    list_display = ["__str__", "created_at", "begins"]
    list_filter = ["name"]
    ordering = ["-created_at"]
    actions = ["compare"]

    @admin.display(description="Begins")
    def begins(self, template: PromptTemplate) -> str:
        return template.text[:100]

    def shown(self, request: HttpRequest, templates: list[PromptTemplate]) -> HttpResponse:
        pair = templates if len(templates) == 2 else []
        context = {
            "title": " and ".join(map(str, templates)),
            "templates": templates,
            "table": versions.table(templates),
            "difference": versions.difference(*pair) if pair else [],
            "opts": self.opts,
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/chat/versions.html", context)

    @admin.action(description="Compare two versions", permissions=["view"])
    def compare(self, request: HttpRequest, queryset: QuerySet[PromptTemplate]) -> HttpResponse | None:
        templates = list(queryset.order_by("created_at"))
        if len(templates) == 2:
            return self.shown(request, templates)
        self.message_user(request, "Choose two versions.", messages.WARNING)
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        return self.shown(request, [get_object_or_404(PromptTemplate, pk=object_id)])


@admin.register(Look)
class LookAdmin(ReadOnly, admin.ModelAdmin[Look]):
    """Who read which conversation."""

    list_display = ["at", "staff", "what", "conversation_id"]
    list_select_related = ["staff"]
    search_fields = ["staff__username", "staff__email"]
    show_full_result_count = False
    paginator = CountedToAPoint
