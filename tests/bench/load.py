"""Load on a server of this machine: so many connections, each asking one thing after another. Nothing but sockets,
so that the clients take little of the processors that they share with the server."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

ENDED = b"\r\n\r\n"


def request(method: str, path: str, token: str, body: dict[str, Any] | None = None) -> bytes:
    """Return an HTTP request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}"]
    if body is not None:
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", ""]).encode() + content


@dataclass
class Figures:
    """What a load met: the answers and how many seconds each took."""

    seconds: list[float] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)
    elapsed: float = 0
    cpu_seconds: float = 0  # of the server

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed

    def percentile(self, share: float) -> float:
        """Milliseconds within which that share of the answers came."""
        return sorted(self.seconds)[int(len(self.seconds) * share)] * 1000


async def load(port: int, requests: Sequence[bytes], connections: int) -> Figures:
    """Send requests over so many connections at once, each over whichever is free."""
    figures, waiting = Figures(), iter(requests)
    began = time.perf_counter()
    await asyncio.gather(*(one_after_another(port, waiting, figures) for _ in range(connections)))
    figures.elapsed = time.perf_counter() - began
    return figures


async def one_after_another(port: int, requests: Iterator[bytes], figures: Figures) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for asked in requests:
            began = time.perf_counter()
            writer.write(asked)
            status, body = await read_answer(reader)
            figures.seconds.append(time.perf_counter() - began)
            figures.answers.append(body)
            assert status < 300, body
    finally:
        writer.close()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer to its end; return its status and its body."""
    head = await reader.readuntil(ENDED)
    status, headers = int(head[9:12]), head.lower()
    if b"\r\ncontent-length:" in headers:
        length = int(headers.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        return status, await reader.readexactly(length)
    body = b""
    if b"\r\ntransfer-encoding: chunked" in headers:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    return status, body
