from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from core.problems import Problem
from knowledge import background
from knowledge.models import Document
from knowledge.reading import ingest, languages


class DocumentForm(forms.ModelForm[Document]):
    class Meta:
        model = Document
        fields = ["owner", "group", "file", "language_given"]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.DOCUMENT_BYTES_LIMIT:
            raise ValidationError(f"The file is larger than {settings.DOCUMENT_BYTES_LIMIT // 1_000_000} MB.")
        return file

    def clean_language_given(self) -> str:
        language = str(self.cleaned_data["language_given"])
        if language and not languages.exists(language):
            raise ValidationError(f"One of: {', '.join(languages.names())}.")
        return language


@admin.register(Document)
class DocumentAdmin(admin.ModelAdmin[Document]):
    """Staff add documents, share them with groups, and see what became of them."""

    form = DocumentForm
    list_display = ["__str__", "name", "owner", "group", "state", "problem", "passages", "updated_at"]
    list_select_related = ["owner", "group"]
    list_filter = ["state", "kind", "group"]
    search_fields = ["name", "title", "owner__email"]
    autocomplete_fields = ["owner"]
    readonly_fields = [
        "title",
        "state",
        "problem",
        "kind",
        "language",
        "pages",
        "passages",
        "embedded_by",
        "updated_at",
    ]
    actions = ["read_again"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).defer("text", "blocks")

    def save_model(self, request: HttpRequest, obj: Document, form: Any, change: bool) -> None:
        if "file" not in form.changed_data:
            obj.save(update_fields=["owner", "group", "language_given"])
            return
        file = form.cleaned_data["file"]
        place = ingest.Place(obj.owner, obj.group)
        name = obj.name if change else file.name
        obj.pk = background.add(place, name, file.read(), obj.language_given)[0].pk

    @admin.action(description="Read again")
    def read_again(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        for document in queryset:
            try:
                background.read_again(document)
            except Problem as problem:
                self.message_user(request, f"{document}: {problem}", messages.ERROR)
