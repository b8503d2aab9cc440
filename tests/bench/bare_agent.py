"""What `turns` compares with: the bare Agents SDK, streamed. Nothing is stored, nobody asks, no tool does anything.

    python -m tests.bench.bare_agent URL MODEL USERS ROUNDS

Its prompt and its tools are those of the last request that the provider at URL was asked. Prints JSON: milliseconds of
processor a turn, and the milliseconds until the first text of every turn.
"""

import asyncio
import json
import sys
import time
from typing import Any

import httpx2
from agents import Agent, FunctionTool, OpenAIChatCompletionsModel, RunConfig, Runner
from openai import AsyncOpenAI

TASKS = json.dumps({"tasks": [], "total": 0, "next_cursor": None})


async def answer(context: Any, arguments: str) -> str:
    return TASKS


def tool(told: dict[str, Any]) -> FunctionTool:
    schema = told["parameters"]
    return FunctionTool(told["name"], told["description"], schema, answer, strict_json_schema=False)


def last_asked(url: str) -> dict[str, Any]:
    asked: list[dict[str, Any]] = httpx2.get(url.removesuffix("/v1") + "/asked", timeout=60).json()
    return asked[-1]


async def first_text(agent: Agent) -> float:
    """Take one turn; return the milliseconds until its first text."""
    began, first = time.perf_counter(), 0.0
    result = Runner.run_streamed(agent, "What is due?", run_config=RunConfig(tracing_disabled=True))
    async for event in result.stream_events():
        if not first and event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            first = time.perf_counter() - began
    return first * 1000


async def main(url: str, model: str, users: int, rounds: int) -> None:
    client = AsyncOpenAI(base_url=url, api_key="none", timeout=120)
    asked = last_asked(url)
    tools = [tool(each["function"]) for each in asked["tools"]]
    chat_model = OpenAIChatCompletionsModel(model, client)
    agent = Agent(name="Bare", instructions=asked["messages"][0]["content"], model=chat_model, tools=tools)  # type: ignore[arg-type]
    await asyncio.gather(*(first_text(agent) for _ in range(min(users, 5))))  # warm
    before, found = time.process_time(), []
    for _ in range(rounds):
        found += await asyncio.gather(*(first_text(agent) for _ in range(users)))
    cpu_ms = (time.process_time() - before) * 1000 / len(found)
    print(json.dumps({"cpu_ms": cpu_ms, "first_text_ms": found}))  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
