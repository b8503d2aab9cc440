"""The Agents SDK's part of a turn: an agent with the turn's instructions, model and tools, run to its end."""

from typing import TYPE_CHECKING, Any

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

from chat import failures, providers, questions
from chat.model_calls import JournaledModel

if TYPE_CHECKING:
    from chat.engine import TurnRun


class TurnAgent(Agent["TurnRun"]):
    """An agent for one turn.

    The SDK reads its own type hints to check every new agent, and takes the identity of all its tools at every start:
    a fifth of what a turn costs there. The type checker has checked ours, and tools are asked for only when needed.
    """

    def __post_init__(self) -> None:
        pass

    async def get_all_tools(self, run_context: RunContextWrapper[Any]) -> list[Tool]:
        return [tool for server in run_context.context.servers for tool in server.sdk_tools]


async def refuse_unknown(args: ToolErrorFormatterArgs["TurnRun"]) -> str | None:
    run = args.run_context.context
    return await run.refuse_call(run.asked[args.call_id]) if args.kind == "tool_not_found" else None


def end_with_questions(
    context: RunContextWrapper["TurnRun"], results: list[FunctionToolResult]
) -> ToolsToFinalOutputResult:
    return ToolsToFinalOutputResult(is_final_output=questions.are_open(context.context.results), final_output="")


CONFIG = RunConfig(
    tracing_disabled=True,
    tool_not_found_behavior="return_error_to_model",
    tool_error_formatter=refuse_unknown,
    tool_execution=ToolExecutionConfig(max_function_tool_concurrency=1),  # in the order they were asked for
)


async def run_agent(run: "TurnRun", instructions: str, items: list[Any], tool_choice: str | None) -> None:
    """Let the model answer and call tools until it is done. Raises what the model and the tools raise."""
    agent = TurnAgent(
        name="Errand",
        instructions=instructions,
        model=JournaledModel(providers.configured_model(run.options.model), run),
        model_settings=ModelSettings(retry=failures.retrying(run.tell), tool_choice=tool_choice),
        tool_use_behavior=end_with_questions,
    )
    result = Runner.run_streamed(agent, items, context=run, max_turns=settings.MODEL_CALLS_LIMIT, run_config=CONFIG)
    try:
        async for _ in result.stream_events():
            pass  # the model and the tools tell the transcript themselves, in their own order
    except UserError as error:  # the SDK wraps what a call raises
        raise error.__cause__ or error from None
    finally:
        result.cancel()  # the SDK's own task would go on where this one is stopped
