"""One write, many copies at once, through two processes on one database."""

import asyncio
from pathlib import Path

import httpx2

from tests.server import Client, Server

COPIES = 200


async def send(ann: Client, urls: list[str], key: str) -> list[httpx2.Response]:
    headers = {"Authorization": f"Bearer {ann.token}", "Idempotency-Key": key}
    limits = httpx2.Limits(max_connections=COPIES)
    async with httpx2.AsyncClient(timeout=60, limits=limits, headers=headers) as http:
        requests = [
            http.post(f"{urls[number % len(urls)]}{ann.api}/tasks", json={"title": "Once"}) for number in range(COPIES)
        ]
        return list(await asyncio.gather(*requests))


def test_one_key_changes_once_however_many_copies_arrive(tmp_path: Path) -> None:
    with Server(tmp_path) as one, Server(tmp_path) as other:
        ann = one.client()
        answers = asyncio.run(send(ann, [one.url, other.url], "k"))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["X-Operation-Id"] for answer in answers}) == 1
        assert [task["title"] for task in ann.tasks()] == ["Once"]
        other_body = ann.http.post(f"{ann.api}/tasks", json={"title": "Else"}, headers={"Idempotency-Key": "k"})
        assert other_body.status_code == 409
