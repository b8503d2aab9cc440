"""Reading conversations: what was said, and for each turn what the agent did."""

from django.contrib import admin

from accounts.read_only import ReadOnly
from chat.models import Conversation, Message, Step, Turn


class MessageInline(ReadOnly, admin.TabularInline[Message, Conversation]):
    model = Message
    fields = ["created_at", "kind", "text"]
    ordering = ["id"]


class TurnInline(ReadOnly, admin.TabularInline[Turn, Conversation]):
    model = Turn
    fields = ["created_at", "status", "model", "input_tokens", "output_tokens", "first_text_ms", "error"]
    ordering = ["id"]
    show_change_link = True


class StepInline(ReadOnly, admin.TabularInline[Step, Turn]):
    model = Step
    fields = ["number", "kind", "name", "arguments", "result", "is_error", "duration_ms"]


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, admin.ModelAdmin[Conversation]):
    list_display = ["title", "user", "created_at", "updated_at"]
    list_select_related = ["user"]
    search_fields = ["title", "user__email"]
    inlines = [MessageInline, TurnInline]
    show_full_result_count = False


@admin.register(Turn)
class TurnAdmin(ReadOnly, admin.ModelAdmin[Turn]):
    list_display = ["created_at", "user", "status", "model", "input_tokens", "output_tokens", "first_text_ms"]
    list_select_related = ["user"]
    list_filter = ["status", "model"]
    search_fields = ["user__email", "conversation__title"]
    inlines = [StepInline]
    show_full_result_count = False
