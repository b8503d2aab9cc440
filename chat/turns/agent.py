"""The Agents SDK's part of a turn: an agent with the turn's instructions, model and tools, run to its end."""

from typing import Any

from agents import (
    Agent,
    FunctionToolResult,
    ModelSettings,
    RunConfig,
    RunContextWrapper,
    Runner,
    Tool,
    ToolErrorFormatterArgs,
    ToolExecutionConfig,
    ToolsToFinalOutputResult,
    UserError,
)
from django.conf import settings

from chat.items import questions
from chat.llm import failures, providers
from chat.turns.engine import TurnRun
from chat.turns.journaled_model import JournaledModel


class TurnAgent(Agent[TurnRun]):
    """An agent for one turn.

    The SDK reads its own type hints to check every new agent, and takes the identity of all its tools at every start:
    a fifth of what a turn costs there. The type checker has checked ours, and tools are asked for only when needed.
    """

    def __post_init__(self) -> None:
        pass

    async def get_all_tools(self, run_context: RunContextWrapper[Any]) -> list[Tool]:
        return [tool for server in run_context.context.servers for tool in server.sdk_tools]


async def refuse_unknown(args: ToolErrorFormatterArgs[TurnRun]) -> str | None:
    run = args.run_context.context
    return await run.refuse_call(run.asked[args.call_id]) if args.kind == "tool_not_found" else None


def end_with_questions(
    context: RunContextWrapper[TurnRun], results: list[FunctionToolResult]
) -> ToolsToFinalOutputResult:
    return ToolsToFinalOutputResult(is_final_output=questions.are_open(context.context.results), final_output="")


CONFIG = RunConfig(
    tracing_disabled=True,
    tool_not_found_behavior="return_error_to_model",
    tool_error_formatter=refuse_unknown,
    tool_execution=ToolExecutionConfig(max_function_tool_concurrency=1),  # in the order they were asked for
)


async def answer(run: TurnRun) -> None:
    """Let the model answer and call tools until it is done.

    Raises `ApprovalNeeded`, and what the SDK, the provider's client and the tools raise.
    """
    if (asked := await run.prepare()) is None:
        return
    agent = TurnAgent(
        name="Errand",
        instructions=asked.instructions,
        model=JournaledModel(providers.configured_model(run.options.model), run),
        model_settings=ModelSettings(retry=failures.retrying(run.tell), tool_choice=asked.tool_choice),
        tool_use_behavior=end_with_questions,
    )
    result = Runner.run_streamed(
        agent, asked.items, context=run, max_turns=settings.MODEL_CALLS_LIMIT, run_config=CONFIG
    )
    try:
        async for _ in result.stream_events():
            pass  # the model and the tools tell the transcript themselves, in their own order
    except UserError as error:  # the SDK wraps what a call raises
        raise error.__cause__ or error from None
    finally:
        result.cancel()  # the SDK's own task would go on where this one is stopped
