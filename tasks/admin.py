"""Reading tasks and what was done to them. Nothing is changed here: changes go through operations."""

from django.contrib import admin

from core.read_only_admin import CountedToAPoint, ReadOnly
from tasks.models import Change, Operation, Task


class ChangeInline(ReadOnly, admin.TabularInline[Change, Operation]):
    model = Change
    fields = ["number", "before", "after"]


@admin.register(Task)
class TaskAdmin(ReadOnly, admin.ModelAdmin[Task]):
    list_display = ["number", "title", "user", "due_date", "due_time", "priority", "completed_at"]
    list_select_related = ["user"]
    search_fields = ["title", "user__email"]
    show_full_result_count = False
    paginator = CountedToAPoint


@admin.register(Operation)
class OperationAdmin(ReadOnly, admin.ModelAdmin[Operation]):
    list_display = ["created_at", "user", "source", "tool", "arguments"]
    list_select_related = ["user"]
    list_filter = ["source", "tool"]
    search_fields = ["user__email", "turn_id"]
    inlines = [ChangeInline]
    show_full_result_count = False
    paginator = CountedToAPoint
