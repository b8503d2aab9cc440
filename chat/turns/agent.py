"""The Agents SDK's part of a turn: an agent with the turn's instructions, model and tools, run to its end."""

import functools
from collections.abc import Sequence

from agents import (
    Agent,
    FunctionTool,
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
from agents.tool_context import ToolContext
from django.conf import settings
from mcp.types import Tool as McpTool

from chat.items import questions
from chat.llm import failures, providers
from chat.tool_servers import ToolServer
from chat.turns.engine import TurnRun
from chat.turns.journaled_model import JournaledModel, current_run, working_for


async def refuse_unknown(args: ToolErrorFormatterArgs[TurnRun]) -> str | None:
    run = args.run_context.context
    return await run.refuse_call(run.asked[args.call_id]) if args.kind == "tool_not_found" else None


def end_with_questions(
    context: RunContextWrapper[TurnRun], results: list[FunctionToolResult]
) -> ToolsToFinalOutputResult:
    return ToolsToFinalOutputResult(is_final_output=questions.are_open(context.context.results), final_output="")


def sdk_tool(tool: McpTool) -> FunctionTool:
    """Return a tool as the Agents SDK takes it. A call goes to the run that is the SDK's context.

    The arguments that the SDK gives are dropped: the run makes the call as it stands in the journal.
    """

    async def invoke(context: ToolContext[TurnRun], arguments: str) -> str:
        return await context.context.answer_asked(context.tool_call_id)

    schema = {"properties": {}} | tool.input_schema  # OpenAI wants them, MCP does not
    return FunctionTool(tool.name, tool.description or "", schema, invoke, strict_json_schema=False)


def agent_of(servers: Sequence[ToolServer]) -> Agent[TurnRun]:
    """Return the agent with the tools of some servers; instructions and model come with each run.

    It is made once for the same servers: the SDK checks every new agent by its own type hints.
    """
    key = tuple(server.path for server in servers)
    if key not in _agents:
        tools: list[Tool] = [sdk_tool(tool) for server in servers for tool in server.tools.values()]
        _agents[key] = Agent("Errand", instructions=instructions, tools=tools, tool_use_behavior=end_with_questions)
    return _agents[key]


_agents: dict[tuple[str, ...], Agent[TurnRun]] = {}


def instructions(context: RunContextWrapper[TurnRun], agent: Agent[TurnRun]) -> str:
    return context.context.instructions


@functools.lru_cache(64)
def run_config(tool_choice: str | None, retries: int) -> RunConfig:
    """Return how the SDK runs turns, the same for all: it checks each new configuration by its own type hints, too."""
    return RunConfig(
        model=JournaledModel(),
        model_settings=ModelSettings(retry=failures.retrying(tell, retries), tool_choice=tool_choice),
        tracing_disabled=True,
        tool_not_found_behavior="return_error_to_model",
        tool_error_formatter=refuse_unknown,
        tool_execution=ToolExecutionConfig(max_function_tool_concurrency=1),  # in the order they were asked for
    )


def tell(progress: str) -> None:
    current_run().tell(progress)


async def answer(run: TurnRun) -> None:
    """Let the model answer and call tools until it is done.

    Raises `ApprovalNeeded`, and what the SDK, the provider's client and the tools raise.
    """
    if (asked := await run.prepare()) is None:
        return
    run.model = providers.configured_model(run.options.model)
    with working_for(run):
        result = Runner.run_streamed(
            agent_of(run.servers),
            asked.items,
            context=run,
            max_turns=settings.MODEL_CALLS_LIMIT,
            run_config=run_config(asked.tool_choice, settings.MODEL_RETRIES),
        )
    try:
        async for _ in result.stream_events():
            pass  # the model and the tools tell the transcript themselves, in their own order
    except UserError as error:  # the SDK wraps what a call raises
        raise error.__cause__ or error from None
    finally:
        result.cancel()  # the SDK's own task would go on where this one is stopped
