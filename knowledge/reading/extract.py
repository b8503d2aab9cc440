"""From a file's bytes to blocks of plain text: headings, paragraphs, list items, code, table rows.

The content of a file decides which reader is used, not its name. The libraries are imported where they are used:
together they take a quarter of a second, too much for the start of a server.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from knowledge.reading.blocks import Block, UnreadableFile

VERSION = 1  # increase it when a reader returns another text for the same file
CHARACTERS_LIMIT = 5_000_000
PAGES_LIMIT = 5_000
UNPACKED_LIMIT = 200_000_000
SNIFFED_BYTES = 4096

type Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Extract:
    """What a file says."""

    kind: str
    blocks: list[Block]
    title: str = ""
    pages: int | None = None


def extract(content: bytes, name: str, progress: Progress = lambda done, total: None) -> Extract:
    """Return what a file says. `progress` is called with the pages read and all pages. Raises `UnreadableFile`."""
    if not content.strip():
        raise UnreadableFile("The file is empty.")
    found = READERS[kind_of(content, name)](content, progress)
    blocks = [block for block in found.blocks if block.text.strip()]
    if not blocks:
        scanned = " It may consist of scanned pictures." if found.kind == "pdf" else ""
        raise UnreadableFile(f"No text was found in this file.{scanned}")
    if sum(len(block.text) for block in blocks) > CHARACTERS_LIMIT:
        raise UnreadableFile(f"The text is longer than {CHARACTERS_LIMIT:,} characters. Divide it into several files.")
    return Extract(found.kind, blocks, found.title, found.pages)


def kind_of(content: bytes, name: str) -> str:
    """Return the kind of a file by its first bytes; only kinds of plain text are told apart by the name.

    Raises `UnreadableFile` for any other kind, and for a file that is not what its name says.
    """
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    start = content[:SNIFFED_BYTES]
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        return zipped(content)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(
            "This is a file of an old Office version, or protected by a password. Save it as DOCX or PDF."
        )
    if ending in {"pdf", "docx"}:
        raise UnreadableFile(f"The name says {ending.upper()}, but this is not a {ending.upper()} file.")
    if b"\0" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("This is not text. Markdown, HTML, plain text, PDF and DOCX can be read.")
    if ending in {"html", "htm", "xhtml"} or re.match(rb"\s*(<!doctype html|<html)", start, re.IGNORECASE):
        return "html"
    return "markdown" if ending in {"md", "markdown", "mdx"} else "text"


def zipped(content: bytes) -> str:
    """Return "docx" for the ZIP archive that is one. Its size when unpacked is checked before anything unpacks it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableFile("The file is damaged: it cannot be unpacked.") from error
    if "word/document.xml" not in {member.filename for member in members}:
        raise UnreadableFile("This is an archive, not a document. Markdown, HTML, text, PDF and DOCX can be read.")
    if sum(member.file_size for member in members) > UNPACKED_LIMIT:
        raise UnreadableFile("The file is too large once it is unpacked.")
    return "docx"


def decoded(content: bytes) -> str:
    """Return text as it was meant: UTF-8 or UTF-16 by its mark, else what Windows writes. Line ends become `\\n`."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", "replace")
    return storable(text.replace("\r\n", "\n").replace("\r", "\n"))


def storable(text: str) -> str:
    """Return text without what PostgreSQL cannot hold: NUL characters and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def plain(content: bytes, progress: Progress) -> Extract:
    paragraphs = re.split(r"\n[ \t]*\n\s*", decoded(content).strip("\n"))
    return Extract("text", [Block(paragraph.rstrip()) for paragraph in paragraphs])


def pdf(content: bytes, progress: Progress) -> Extract:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableFile("The PDF is protected by a password. Save it without one.")
        count = len(reader.pages)
        if count > PAGES_LIMIT:
            raise UnreadableFile(f"The PDF has more than {PAGES_LIMIT:,} pages. Divide it into several files.")
        blocks: list[Block] = []
        for number, page in enumerate(reader.pages, 1):
            blocks += page_blocks(storable(page.extract_text()), number)
            progress(number, count)
        title = str(reader.metadata.title or "") if reader.metadata else ""
    except DependencyError as error:
        raise UnreadableFile(
            "The PDF is encrypted in a way that cannot be read here. Save it without encryption."
        ) from error
    # A damaged file can make the reader fail anywhere; these are the errors it was seen to raise.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise UnreadableFile("The PDF is damaged and cannot be read.") from error
    return Extract("pdf", blocks, storable(title).strip(), count)


def page_blocks(text: str, page: int) -> Iterable[Block]:
    """Return the paragraphs of a page. Words that were divided at the end of a line are joined again."""
    joined = re.sub(r"(?<=[^\W\d_])-\n(?=[^\W\d_A-Z])", "", text)
    return [Block(each.strip(), page=page) for each in re.split(r"\n\s*\n", joined) if each.strip()]


def docx(content: bytes, progress: Progress) -> Extract:
    from xml.parsers.expat import ExpatError

    import mammoth

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(content), convert_image=mammoth.images.img_element(lambda image: {})
        )
    except (zipfile.BadZipFile, ExpatError, KeyError, ValueError, AttributeError, IndexError, OSError) as error:
        raise UnreadableFile("The DOCX file is damaged and cannot be read.") from error
    found = html(result.value.encode(), progress)
    return Extract("docx", found.blocks, found.title)


def html(content: bytes, progress: Progress) -> Extract:
    from knowledge.reading.html_blocks import read_html

    title, blocks = read_html(decoded(content))
    return Extract("html", blocks, title)


def markdown(content: bytes, progress: Progress) -> Extract:
    from knowledge.reading.markdown_blocks import read_markdown

    title, blocks = read_markdown(decoded(content))
    return Extract("markdown", blocks, title)


READERS: dict[str, Callable[[bytes, Progress], Extract]] = {
    "text": plain,
    "pdf": pdf,
    "docx": docx,
    "html": html,
    "markdown": markdown,
}
