"""From files to blocks and passages: every kind, and everything that can be wrong with one."""

import unittest

from knowledge.models import BELOW
from knowledge.reading import extract
from knowledge.reading.blocks import Block, UnreadableFile
from knowledge.reading.chunks import CHUNK_LENGTH, lay_out, split
from tests.knowledge import files

MARKDOWN = b"""---
title: "Front"
---
# House rules

Be *kind* and [careful](https://example.org).
Second line.

- one
  - nested
- two

| day | hours |
|-----|-------|
| Mon | 8     |

```python
print("kept")
```

## Empty

## Last

The end.
"""
HTML = b"""<html><head><title>Rules</title><style>p{}</style></head><body><nav>Home</nav>
<h1>House rules</h1><p>Be <b>kind</b>,<br>always.</p><div>loose <span>text</span></div>
<ul><li>one</li><li>two<ul><li>nested</li></ul></li></ul><pre>  code
  kept</pre><table><tr><th>day</th><td>8</td></tr></table><script>no()</script><footer>no</footer></body></html>"""


def texts(content: bytes, name: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in extract.extract(content, name).blocks]


class ExtractTests(unittest.TestCase):
    def test_markdown_keeps_headings_lists_tables_and_code(self) -> None:
        found = extract.extract(MARKDOWN, "a.md")
        self.assertEqual((found.kind, found.title), ("markdown", "Front"))
        self.assertEqual(
            [(block.kind, block.level, block.text) for block in found.blocks],
            [
                ("heading", 1, "House rules"),
                ("text", 0, "Be kind and careful. Second line."),
                ("item", 1, "one"),
                ("item", 2, "nested"),
                ("item", 1, "two"),
                ("row", 0, "day | hours"),
                ("row", 0, "Mon | 8"),
                ("code", 0, 'print("kept")'),
                ("heading", 2, "Empty"),
                ("heading", 2, "Last"),
                ("text", 0, "The end."),
            ],
        )

    def test_html_keeps_what_a_reader_sees(self) -> None:
        found = extract.extract(HTML, "a.html")
        self.assertEqual(found.title, "Rules")
        self.assertEqual(
            [(block.kind, block.text) for block in found.blocks],
            [
                ("heading", "House rules"),
                ("text", "Be kind,\nalways."),
                ("text", "loose text"),
                ("item", "one"),
                ("item", "two"),
                ("item", "nested"),
                ("code", "  code\n  kept"),
                ("row", "day | 8"),
            ],
        )

    def test_a_pdf_knows_its_pages(self) -> None:
        found = extract.extract(files.pdf("First page.", "Vaca-\ntion rules (all)."), "a.pdf")
        self.assertEqual((found.pages, found.kind), (2, "pdf"))
        self.assertEqual(
            [(block.page, block.text) for block in found.blocks], [(1, "First page."), (2, "Vacation rules (all).")]
        )

    def test_a_word_document_keeps_its_headings(self) -> None:
        content = files.docx(("Heading1", "House rules"), ("", "Be kind."))
        self.assertEqual(texts(content, "a.docx"), [("heading", "House rules"), ("text", "Be kind.")])

    def test_plain_text_of_any_encoding_is_read(self) -> None:
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
            with self.subTest(encoding):
                self.assertEqual(
                    texts("Käse\r\n\r\nBrot".encode(encoding), "a.txt"), [("text", "Käse"), ("text", "Brot")]
                )

    def test_what_a_file_is_counts_and_not_its_name(self) -> None:
        self.assertEqual(extract.extract(files.pdf("Text."), "a.txt").kind, "pdf")
        self.assertEqual(extract.extract(files.docx(("", "Text.")), "a.pdf").kind, "docx")
        self.assertEqual(extract.extract(b"<!DOCTYPE html><p>Text", "a.txt").kind, "html")

    def test_what_cannot_be_read_says_so_in_one_clear_line(self) -> None:
        broken = files.pdf("Some text.", "More.")
        cases = {
            "empty": (b" \n", "a.md", "empty"),
            "no text": (b"<p></p>", "a.html", "No text"),
            "scanned": (files.pdf(""), "a.pdf", "scanned"),
            "password": (files.encrypted_pdf("x"), "a.pdf", "protected by a password"),
            "cut off": (broken[:60], "a.pdf", "damaged"),
            "garbled": (b"%PDF-1.7\n" + bytes(range(256)) * 20, "a.pdf", "damaged"),
            "wrong name": (b"hello", "a.pdf", "not a PDF"),
            "wrong name, too": (b"hello", "a.docx", "not a DOCX"),
            "picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "a.txt", "not text"),
            "archive": (files.archive({"a.txt": "x"}), "a.zip", "archive"),
            "cut archive": (files.docx(("", "x"))[:100], "a.docx", "damaged"),
            "no document": (files.archive({"word/document.xml": "<w"}), "a.docx", "damaged"),
            "old office": (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.doc", "old Office"),
            "huge": (b"word " * (extract.CHARACTERS_LIMIT // 4), "a.txt", "longer than"),
        }
        for name, (content, file, words) in cases.items():
            with self.subTest(name):
                with self.assertRaises(UnreadableFile) as refused:
                    extract.extract(content, file)
                self.assertIn(words, str(refused.exception))
                self.assertNotIn("\n", str(refused.exception))

    def test_a_small_archive_that_would_become_huge_is_not_unpacked(self) -> None:
        bomb = files.archive({"word/document.xml": "0" * (extract.UNPACKED_LIMIT + 1)})
        with self.assertRaisesRegex(UnreadableFile, "unpacked"):
            extract.extract(bomb, "a.docx")


class ChunkTests(unittest.TestCase):
    def test_a_passage_is_exactly_what_stands_at_its_place(self) -> None:
        long = " ".join(f"Sentence {number} — with ünïcode 😀." for number in range(200))
        blocks = [
            Block("Title", "heading", 1),
            Block("Intro."),
            Block("Part", "heading", 2),
            Block(long),
            Block("End."),
        ]
        whole, placed = lay_out(blocks)
        passages = split(whole, placed, "Title")
        self.assertGreater(len(passages), 5)
        for passage in passages:
            self.assertEqual(whole[passage.start : passage.end], passage.text)
            self.assertLessEqual(len(passage.text), CHUNK_LENGTH)
        self.assertEqual(
            "".join("".join(p.text.split()) for p in passages if p.heading.endswith("Part")),
            "".join(long.split()) + "End.",
        )

    def test_each_passage_has_the_headings_above_it(self) -> None:
        levels = [(1, "A"), (2, "B"), (3, "C"), (2, "D")]
        blocks = [block for level, text in levels for block in (Block(text, "heading", level), Block(f"In {text}."))]
        passages = split(*lay_out(blocks), "Book")
        self.assertEqual(
            [p.heading.replace(BELOW, "/") for p in passages], ["Book/A", "Book/A/B", "Book/A/B/C", "Book/A/D"]
        )

    def test_a_heading_with_nothing_below_it_can_be_found(self) -> None:
        blocks = [Block("A", "heading", 1), Block("No dogs", "heading", 2), Block("B", "heading", 2), Block("Text.")]
        passages = split(*lay_out(blocks), "A")
        self.assertEqual(
            [(p.heading.replace(BELOW, "/"), p.text) for p in passages], [("A/No dogs", "No dogs"), ("A/B", "Text.")]
        )

    def test_a_short_last_passage_is_kept_and_a_page_is_known(self) -> None:
        blocks = [Block("x" * 890, page=1), Block("The last words.", page=2)]
        passages = split(*lay_out(blocks), "A")
        self.assertEqual([(p.page, p.text[-6:]) for p in passages], [(1, "xxxxxx"), (2, "words.")])
