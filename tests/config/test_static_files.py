"""Static files as a browser gets them: kept for ever under the digest's address, compressed, found for every app."""

import asyncio
import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import brotli
import httpx2
import pytest
from django.templatetags.static import static
from django.test import override_settings

from config.serving.static_files import Files, tree
from config.templatetags.pages import needed_by
from tests.server import SERVERS, Server

FOR_EVER = "max-age=31536000, public, immutable"
OTHER = "0123456789abcdef"
NAMES = ["page/main.js", "embed.js", "icon.svg", "admin/css/base.css", "ninja/swagger-ui-bundle.js"]


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with request.param(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers={"Accept-Encoding": "identity"}) as http:
        yield http


def content(name: str) -> bytes:
    return tree().paths[name].read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_app_is_kept_for_ever(http: httpx2.Client, name: str) -> None:
    answer = http.get(static(name))
    assert re.fullmatch(rf"/static/[0-9a-f]{{16}}/{name}", static(name))
    assert (answer.status_code, answer.headers["cache-control"]) == (200, FOR_EVER)
    assert answer.content == content(name)


def test_pages_name_these_addresses_and_each_is_there(http: httpx2.Client) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', http.get("/sign-in").text)
    assert static("page/sign-in.js") in named
    assert {http.head(path).headers.get("cache-control") for path in named} == {FOR_EVER}


@pytest.mark.parametrize("address", ["/static/embed.js", f"/static/{OTHER}/embed.js"])
def test_a_plain_address_or_another_digest_gives_the_present_file_and_asks_each_time(
    http: httpx2.Client, address: str
) -> None:
    answer = http.get(address)
    assert (answer.content, answer.headers["cache-control"]) == (content("embed.js"), "no-cache")
    again = http.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert http.get(address, headers={"If-None-Match": 'W/"another"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "given"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("identity", None), ("", None)],
)
def test_it_is_compressed_as_the_browser_can_read_it(http: httpx2.Client, accepted: str, given: str | None) -> None:
    with http.stream("GET", static("page/main.js"), headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    read = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[given]
    assert answer.headers.get("content-encoding") == given
    assert answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) == len(raw)
    assert read(raw) == content("page/main.js")


def test_a_picture_that_is_compressed_already_is_left_as_it_is(http: httpx2.Client) -> None:
    answer = http.get(static("ninja/favicon.png"), headers={"Accept-Encoding": "br"})
    assert "content-encoding" not in answer.headers
    assert answer.content == content("ninja/favicon.png")


def test_a_head_has_no_body_and_a_range_is_a_part(http: httpx2.Client) -> None:
    head = http.head(static("embed.js"))
    assert (head.content, int(head.headers["content-length"])) == (b"", len(content("embed.js")))
    part = http.get(static("embed.js"), headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content("embed.js")[10:20])
    assert http.post(static("embed.js")).status_code == 405


@pytest.mark.parametrize(
    "name", ["nothing.js", "page", "page/", "", "../manage.py", "%2e%2e/manage.py", "page//main.js"]
)
def test_what_is_no_static_file_is_not_found(http: httpx2.Client, name: str) -> None:
    assert http.get(f"/static/{name}").status_code == 404
    assert http.get(f"/static/{tree().digest}/{name}").status_code == 404


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a module, in place of the project's."""
    (tmp_path / "one.js").write_text("// first\n")
    with override_settings(STATICFILES_DIRS=[tmp_path]):
        tree.cache_clear()
        yield tmp_path
    tree.cache_clear()


def given(files: Files, digest: str) -> tuple[str, bytes]:
    """Return how long the module may be kept, and what is in it."""
    found = asyncio.run(files.find("one.js", digest))
    assert found
    response = found.get_response("GET", {})
    with response.file as file:
        return dict(response.headers)["Cache-Control"], file.read()


def test_one_that_is_exchanged_under_a_running_server_is_not_kept_for_ever(folder: Path) -> None:
    files, digest = Files(), tree().digest
    (folder / "one.js").write_text("// other\n")
    assert given(files, digest) == ("no-cache", b"// other\n")


def test_other_content_has_other_addresses(folder: Path) -> None:
    before = tree().digest
    (folder / "one.js").write_text("// other\n")
    tree.cache_clear()
    assert tree().digest != before


def test_what_a_developer_changes_is_there_at_once(folder: Path) -> None:
    with override_settings(DEBUG=True):
        files = Files()
        assert static("one.js") == "/static/one.js"
        assert given(files, "") == ("no-cache", b"// first\n")
        (folder / "one.js").write_text("// other\n")
        assert given(files, "") == ("no-cache", b"// other\n")


def test_a_page_names_the_modules_it_needs_at_first_and_no_others(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "one.js").write_text(
        'import { a } from "./two.js";\n'
        "import {\n  b,\n  c,\n} from './below/three.js';\n"
        'export const d = "./constant.js";\n'
        'const later = () => import("./later.js");\n'
        '// import "./commented.js"\n'
        'import "elsewhere";\n'
    )
    (folder / "two.js").write_text('export * from "./one.js";\n')  # a circle
    (folder / "below" / "three.js").write_text('import "../four.js";\n')
    (folder / "four.js").write_text("")
    assert needed_by("one.js") == ["one.js", "two.js", "below/three.js", "four.js"]


def test_a_module_that_is_not_there_is_named(folder: Path) -> None:
    (folder / "one.js").write_text('import "./gone.js";\n')
    with pytest.raises(LookupError, match=r"gone\.js is needed by one\.js"):
        needed_by("one.js")


def test_each_page_preloads_what_its_modules_import(http: httpx2.Client) -> None:
    preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', http.get("/").text)
    assert preloaded[0] == static("page/main.js")
    assert static("chat/element.js") in preloaded
    assert {http.head(path).status_code for path in preloaded} == {200}
