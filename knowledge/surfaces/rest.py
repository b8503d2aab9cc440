"""`/api/{user_id}/documents` and `/search`: the documents that answers come from."""

import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from django.http import HttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile
from pydantic import BaseModel, Field

from accounts.bearer import UserRequest
from accounts.models import User
from core import ids
from core.sections import section
from knowledge import background
from knowledge.models import Document
from knowledge.reading import ingest
from knowledge.retrieval.search import QUERY_LENGTH, Semantic, search

router = Router(tags=["documents"])

LIMIT = 100


class DocumentOut(BaseModel):
    """A document. `state`: waiting, reading (`progress` in per cent), ready, or failed (`problem` says why)."""

    id: str
    name: str
    title: str
    kind: str = Field(description="pdf, docx, html, markdown or text; empty until it is read.")
    language: str = Field(description="As PostgreSQL's text search calls it.")
    bytes: int
    state: Literal["waiting", "reading", "ready", "failed"]
    problem: str | None
    progress: int
    pages: int | None
    passages: int
    shared_with: str | None = Field(description="The group whose members see it.")
    is_mine: bool
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @classmethod
    def of(cls, document: Document, user: User) -> "DocumentOut":
        same = (
            "name",
            "title",
            "kind",
            "language",
            "bytes",
            "progress",
            "pages",
            "passages",
            "created_at",
            "updated_at",
        )
        shown: dict[str, Any] = {name: getattr(document, name) for name in same}
        return cls(
            id=document.public_id,
            state=document.state,  # one of its choices
            problem=document.problem or None,
            shared_with=document.group.name if document.group else None,
            is_mine=document.owner_id == user.pk,
            **shown,
        )


class DocumentPage(BaseModel):
    items: list[DocumentOut]
    next_cursor: str | None


class BlockOut(BaseModel):
    """A block of the text, from the character `start` to `end`. `kind`: heading, text, item, code or row."""

    start: int
    end: int
    kind: str
    level: int
    page: int | None


class PlaceOut(BaseModel):
    """Where a passage stands now. `key` is the last part of the addresses of citations."""

    key: str
    start: int
    end: int


class TextOut(BaseModel):
    id: str
    title: str
    text: str
    blocks: list[BlockOut]
    passages: list[PlaceOut]


class PassageOut(BaseModel):
    """A passage that was found: the characters `start` to `end` of its document's text."""

    document_id: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    page: int | None
    score: float
    url: str


class FoundOut(BaseModel):
    """What was found. `semantic`: "on"; "off": no embeddings are configured; "unavailable": they did not answer."""

    items: list[PassageOut]
    semantic: Semantic


@router.get("/{user_id}/documents", response=DocumentPage)
async def list_documents(
    request: UserRequest,
    user_id: str,
    limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> DocumentPage:
    """The user's own documents and those shared with them, the newest first."""

    def work() -> list[Document]:
        found = Document.objects.visible_to(request.auth).light().select_related("group").order_by("-id")
        return list((found.filter(pk__lt=ids.read("doc", cursor)) if cursor else found)[: limit + 1])

    found = await section(work)
    page = found[:limit]
    items = [DocumentOut.of(document, request.auth) for document in page]
    return DocumentPage(items=items, next_cursor=page[-1].public_id if len(found) > limit else None)


@router.post("/{user_id}/documents", response={200: DocumentOut, 201: DocumentOut})
async def add_document(
    request: UserRequest,
    user_id: str,
    file: File[UploadedFile],
    language: Annotated[str, Form(max_length=63)] = "",
) -> Status[DocumentOut]:
    """Add a document; it is read in the background. One of the same name is replaced (200)."""

    def work() -> tuple[Document, bool]:
        return background.add(ingest.Place(request.auth), file.name or "", file.read(), language)

    document, is_new = await section(work)
    return Status(201 if is_new else 200, DocumentOut.of(document, request.auth))


@router.get("/{user_id}/documents/{document_id}", response=DocumentOut)
async def get_document(request: UserRequest, user_id: str, document_id: str) -> DocumentOut:
    return DocumentOut.of(await load(request, document_id), request.auth)


@router.get("/{user_id}/documents/{document_id}/text", response=TextOut)
async def get_text(request: UserRequest, user_id: str, document_id: str) -> TextOut:
    """The text that was read, with its headings, paragraphs, lists and tables as blocks."""

    def work() -> tuple[Document, list[PlaceOut]]:
        document = ingest.get(request.auth, ids.read("doc", document_id))
        return document, [PlaceOut(**place) for place in ingest.places(document)]

    document, passages = await section(work)
    blocks = [BlockOut(**dict(zip(BlockOut.model_fields, block, strict=True))) for block in document.blocks]
    return TextOut(id=document.public_id, title=document.title, text=document.text, blocks=blocks, passages=passages)


@router.get("/{user_id}/documents/{document_id}/file", response=None)
async def get_file(request: UserRequest, user_id: str, document_id: str) -> HttpResponse:
    """The file as it was given."""
    document = await load(request, document_id)
    content = await section(ingest.original, document)
    name = quote(document.name.rpartition("/")[2])
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}  # RFC 8187; never shown by a browser
    return HttpResponse(content, "application/octet-stream", headers=headers)


@router.post("/{user_id}/documents/{document_id}/read", response=DocumentOut)
async def read_document(request: UserRequest, user_id: str, document_id: str) -> DocumentOut:
    """Read the document once more from its file."""
    id = ids.read("doc", document_id)

    def work() -> Document:
        document = ingest.own(request.auth, id)
        background.read_again(document)
        return document

    return DocumentOut.of(await section(work), request.auth)


@router.delete("/{user_id}/documents/{document_id}", response={204: None})
async def delete_document(request: UserRequest, user_id: str, document_id: str) -> Status[None]:
    """Delete a document with its passages and its file."""
    id = ids.read("doc", document_id)
    await section(lambda: ingest.own(request.auth, id).delete())
    return Status(204, None)


@router.get("/{user_id}/search", response=FoundOut)
async def search_documents(
    request: UserRequest,
    user_id: str,
    q: Annotated[str, Query(min_length=1, max_length=QUERY_LENGTH)],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> FoundOut:
    """Find passages in the documents, by their words and, where embeddings are configured, by meaning."""
    found = await search(request.auth, q, limit)
    items = [PassageOut(document_id=each.document_public_id, **shown(each)) for each in found.passages]
    return FoundOut(items=items, semantic=found.semantic)


def shown(passage: Any) -> dict[str, Any]:
    return {name: getattr(passage, name) for name in PassageOut.model_fields if name != "document_id"}


async def load(request: UserRequest, document_id: str) -> Document:
    return await section(ingest.get, request.auth, ids.read("doc", document_id))
