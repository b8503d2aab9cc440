"""Static files under immutable addresses: `/static/<digest>/…`, where the digest is that of all static files together.

One digest in the path instead of one in each name: a module that imports `./api.js` finds the same version of it
without being rewritten, so nothing has to be built. Every process with the same files gives them the same addresses.

`/static/…` without a digest stays valid for sites that embed Errand; browsers ask each time whether it has changed.
With DEBUG there are only such addresses.
"""

import asyncio
import atexit
import functools
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

import brotli
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from starlette.types import ASGIApp, Receive, Scope, Send
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor
from whitenoise.responders import StaticFile

DIGEST_BYTES = 8
DIGEST = re.compile(rf"[0-9a-f]{{{2 * DIGEST_BYTES}}}/")
LARGE_BYTES = 200_000
# What WhiteNoise wants to know of a request, named as in WSGI.
ASKED = {
    b"accept-encoding": "HTTP_ACCEPT_ENCODING",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"range": "HTTP_RANGE",
}


def digest_of(content: bytes) -> str:
    return blake2b(content, digest_size=DIGEST_BYTES).hexdigest()


@dataclass(frozen=True)
class Tree:
    """All static files of all apps as they were at the start: where each lies, and the digest of what is in it."""

    paths: dict[str, Path]
    digests: dict[str, str]

    @functools.cached_property
    def digest(self) -> str:
        return digest_of("".join(f"{name} {self.digests[name]}\n" for name in sorted(self.digests)).encode())


@functools.cache
def tree() -> Tree:
    """Find and read all static files once, which takes some 40 ms."""
    paths: dict[str, Path] = {}
    for name, path in found_files():
        paths.setdefault(name, path)  # of two with one name the first counts, as in `finders.find`
    return Tree(paths, {name: digest_of(path.read_bytes()) for name, path in paths.items()})


def found_files() -> Iterator[tuple[str, Path]]:
    for finder in finders.get_finders():
        for path, storage in finder.list(None):
            prefix = getattr(storage, "prefix", None)
            yield f"{prefix}/{path}" if prefix else path, Path(storage.path(path))


class DigestStorage(StaticFilesStorage):
    """Gives `{% static %}` the immutable addresses."""

    def url(self, name: str | None) -> str:
        if settings.DEBUG or not name:
            return super().url(name)
        return super().url(f"{tree().digest}/{name}")


class QuickCompressor(Compressor):  # type: ignore[misc]
    """WhiteNoise's, but whoever asks for a large file first does not wait for brotli's last tenth: two seconds a MB."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        compressed: bytes = brotli.compress(data, quality=9 if len(data) > LARGE_BYTES else 11)
        return compressed


class Files(WhiteNoise):  # type: ignore[misc]
    """WhiteNoise over copies of the files, each made and compressed when it is first asked for.

    Compressing all of them at the start would take seconds, for files that mostly nobody asks for. Copies lie in a
    folder of this process that goes with it: there is nothing to keep up to date, and nobody else who writes.
    """

    FOREVER = 365 * 24 * 60 * 60

    def __init__(self) -> None:
        super().__init__(None, max_age=None, add_headers_function=self.add_headers)
        self.compressor = QuickCompressor([*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"], quiet=True)
        self.threads = ThreadPoolExecutor(2, "static")
        self.prepared: dict[str, Future[None]] = {}

    @functools.cached_property
    def folder(self) -> Path:
        folder = tempfile.mkdtemp(prefix="errand-static-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return url.startswith(f"{settings.STATIC_URL}{tree().digest}/")

    def add_headers(self, headers: Headers, path: str, url: str) -> None:
        # Of the content: times and sizes of files may be the same in two versions, and differ between two servers.
        headers["ETag"] = f'W/"{digest_of(Path(path).read_bytes())}"'
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-cache"

    async def find(self, name: str, digest: str) -> StaticFile | None:
        """Return the file, to be kept for ever if `digest` is that of these files."""
        if settings.DEBUG:
            return self.found_now(name)
        if name not in tree().paths:
            return None
        if name not in self.prepared:
            self.prepared[name] = self.threads.submit(self.prepare, name)
        await asyncio.shield(asyncio.wrap_future(self.prepared[name]))
        return self.files.get(f"{settings.STATIC_URL}{digest}/{name}") or self.files[settings.STATIC_URL + name]

    def found_now(self, name: str) -> StaticFile | None:
        path = finders.find(name)
        return self.get_static_file(path, settings.STATIC_URL + name) if path and Path(path).is_file() else None

    def prepare(self, name: str) -> None:
        """Copy and compress a file. One that was exchanged under the running process gets no immutable address."""
        copy = self.folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(tree().paths[name], copy)
        if self.compressor.should_compress(name):
            self.compressor.compress(str(copy))
        self.add_file_to_dictionary(settings.STATIC_URL + name, str(copy))
        if digest_of(copy.read_bytes()) == tree().digests[name]:
            self.add_file_to_dictionary(f"{settings.STATIC_URL}{tree().digest}/{name}", str(copy))


class StaticFiles:
    """The ASGI application that answers below STATIC_URL, on the event loop, and leaves all else to another.

    Under a digest of other files it answers too, with the present ones and "no-cache". Who asks so is a page that was
    opened before an upgrade and needs another module, or one from a server that already has the next version. Refused,
    they would break; led to the present address, they would hold each module twice, under two addresses.
    """

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        self.files = Files()
        tree()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(settings.STATIC_URL):
            rest = scope["path"].removeprefix(settings.STATIC_URL)
            digest = found[0].rstrip("/") if (found := DIGEST.match(rest)) else ""
            if file := await self.files.find(DIGEST.sub("", rest, count=1) if digest else rest, digest):
                await answer(file, scope, send)
                return
        await self.application(scope, receive, send)


async def answer(file: StaticFile, scope: Scope, send: Send) -> None:
    asked = {ASKED[name]: value.decode("latin-1") for name, value in scope["headers"] if name in ASKED}
    response = file.get_response(scope["method"], asked)
    content = b""
    if response.file is not None:
        with response.file:
            content = response.file.read()  # small, and in the system's memory once it was read
    headers = [(name.lower().encode(), value.encode()) for name, value in response.headers]
    start: dict[str, Any] = {"type": "http.response.start", "status": int(response.status), "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": content})
