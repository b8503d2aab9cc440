"""The offline model as the Agents SDK sees it: one response at a time, streamed or whole."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from agents import FunctionTool, ModelResponse, Usage
from agents.agent_output import AgentOutputSchemaBase
from agents.handoffs import Handoff
from agents.items import TResponseInputItem, TResponseStreamEvent
from agents.model_settings import ModelSettings
from agents.models.interface import Model, ModelTracing
from agents.tool import Tool
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText
from openai.types.responses.response_prompt_param import ResponsePromptParam

from offline import conversation, documents, stream
from offline.policy import Action, Call, Reaction


class OfflineModel(Model):
    """A small rule-based model that knows the language of tasks, for use without an account or key.

    It keeps nothing between calls: all it knows about a conversation is its input. `delay_seconds` passes between two
    streamed words.
    """

    def __init__(self, delay_seconds: float = 0.012) -> None:
        self.delay_seconds = delay_seconds

    async def get_response(
        self,
        system_instructions: str | None,
        input: str | list[TResponseInputItem],
        model_settings: ModelSettings,
        tools: list[Tool],
        output_schema: AgentOutputSchemaBase | None,
        handoffs: list[Handoff],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> ModelResponse:
        output = items(decide(system_instructions, input, tools, model_settings.tool_choice))
        used = tokens(system_instructions, input), tokens(None, [item.model_dump() for item in output])
        usage = Usage(requests=1, input_tokens=used[0], output_tokens=used[1], total_tokens=sum(used))
        return ModelResponse(output=list(output), usage=usage, response_id=None)

    async def stream_response(
        self,
        system_instructions: str | None,
        input: str | list[TResponseInputItem],
        model_settings: ModelSettings,
        tools: list[Tool],
        output_schema: AgentOutputSchemaBase | None,
        handoffs: list[Handoff],
        tracing: ModelTracing,
        *,
        previous_response_id: str | None,
        conversation_id: str | None,
        prompt: ResponsePromptParam | None,
    ) -> AsyncIterator[TResponseStreamEvent]:
        output = items(decide(system_instructions, input, tools, model_settings.tool_choice))
        used = tokens(system_instructions, input), tokens(None, [item.model_dump() for item in output])
        for event in stream.events(output, *used, created_at=time.time()):
            yield event
            if event.type == "response.output_text.delta" and self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)


def decide(
    instructions: str | None, items: str | list[TResponseInputItem], tools: list[Tool], tool_choice: object = None
) -> Action:
    """Decide what to do; `tool_choice` is the name of a tool that must be called, where it is one."""
    schemas = {tool.name: tool.params_json_schema for tool in tools if isinstance(tool, FunctionTool)}
    turn = Reaction(conversation.read(items), conversation.now_in(instructions), schemas)
    if tool_choice == documents.TOOL and documents.TOOL in schemas:
        return [Call(documents.TOOL, documents.query(turn.history.text))]
    if tool_choice == "overview" and "overview" in schemas:
        return [Call("overview", {})]
    return turn.decide()


def items(action: Action) -> list[stream.Item]:
    if isinstance(action, str):
        text = ResponseOutputText(type="output_text", text=action, annotations=[], logprobs=[])
        return [
            ResponseOutputMessage(
                id=f"msg_{uuid4().hex}", type="message", role="assistant", status="completed", content=[text]
            )
        ]
    return [
        ResponseFunctionToolCall(
            id=f"fc_{uuid4().hex}",
            call_id=f"call_{uuid4().hex}",
            type="function_call",
            name=call.name,
            arguments=json.dumps(call.arguments, ensure_ascii=False),
            status="completed",
        )
        for call in action
    ]


def tokens(instructions: str | None, content: str | list[Any]) -> int:
    """About how many tokens a real model would count: words and marks."""
    text = content if isinstance(content, str) else json.dumps(content, default=str)
    return len(re.findall(r"\w+|[^\w\s]", f"{instructions or ''} {text}"))
