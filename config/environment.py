"""Errand's whole environment: every variable it reads, typed, with its default, validated at start."""

import re
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    BaseModel,
    Field,
    HttpUrl,
    PostgresDsn,
    RedisDsn,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

# An origin as browsers write it (RFC 6454): scheme, host and port, nothing after it.
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")

BASE_DIR = Path(__file__).resolve().parent.parent

# Where the project's own tool servers stood up to 0.2.0: an installation's settings may still say so.
FORMER_PATHS = {
    "tasks.mcp.server": "tasks.surfaces.mcp.server",
    "knowledge.mcp.server": "knowledge.surfaces.mcp.server",
    "tasks.state.state": "tasks.replay.recorded_tasks.state",
    "knowledge.state.state": "knowledge.replay_state.state",
}

ModelProvider = Literal["offline", "openai", "openrouter", "gemini", "ollama", "custom"]


class ModelChoice(BaseModel):
    """A model to choose in the composer: `id` is its name at the provider."""

    id: str = Field(min_length=1, max_length=200)
    label: str
    description: str | None = None


class ComposerTool(BaseModel):
    """A tool that a person can choose for a message, by its name; icons are ChatKit's."""

    id: str = Field(min_length=1, max_length=100)
    label: str
    icon: str | None = None
    placeholderOverride: str | None = None  # as ChatKit spells it


class Environment(BaseSettings):
    """Read from environment variables (upper-case field names) and from `.env` in the project's folder."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(BASE_DIR / ".data", description="Embedded database, secret key. `quickstart --data-dir`.")
    database_url: PostgresDsn | None = Field(None, description="Any PostgreSQL; unset: the embedded one.")
    database_pool_size: int = Field(8, ge=1, le=1000, description="Database connections that one process keeps.")
    redis_url: RedisDsn | None = Field(None, description="Redis, by which processes tell each other of changes.")
    live_updates: Literal["memory", "postgresql"] = Field(
        "memory", description="Live updates without Redis: in one process, or by PostgreSQL's NOTIFY (not by a pooler)."
    )
    secret_key: SecretStr | None = Field(None, description="Required with DATABASE_URL; else kept in DATA_DIR.")
    debug: bool = False
    allowed_hosts: list[str] = Field(["127.0.0.1", "localhost", "[::1]"], description='JSON list: ["example.org"].')
    port: int = Field(8000, ge=0, le=65535, description="Where `quickstart` and `serve` listen without `--port`.")
    public_url: HttpUrl | None = Field(
        None, description="Address at which people reach this server. Unset: 127.0.0.1 and the port."
    )
    trusted_origins: list[str] = Field([], description='More origins of the page: ["https://example.org"].')
    embed_origins: list[str] = Field(
        [], description='Sites that may show the chat in a frame: ["https://intranet.example.org"] (docs/embedding.md).'
    )
    trust_proxy: bool = Field(
        False, description="Believe X-Forwarded-For and -Proto. Only behind a proxy that sets both itself."
    )
    sign_in_attempts_a_minute: int = Field(
        10, ge=0, description="Built-in sign-in: attempts from one address for one account; 0: any number."
    )
    default_timezone: str = Field("UTC", description="IANA zone of new users until their browser names theirs.")
    better_auth_url: HttpUrl | None = Field(None, description="Origin of a Better Auth server; unset: built-in issuer.")
    better_auth_internal_url: HttpUrl | None = Field(
        None, description="Address at which this server reaches it, if that is another one, as between containers."
    )

    mcp_servers: list[str] = Field(
        ["tasks.surfaces.mcp.server", "knowledge.surfaces.mcp.server"],
        description="Tool servers in this process, dotted paths as a JSON list.",
    )
    mcp_states: list[str] = Field(
        ["tasks.replay.recorded_tasks.state", "knowledge.replay_state.state"],
        description="How replays restore what tool servers keep: dotted paths as a JSON list.",
    )
    model_provider: ModelProvider = "offline"
    model_name: str = Field("", description="Empty: the provider's preset. Required for ollama and custom.")
    model_api_key: SecretStr | None = None
    model_base_url: HttpUrl | None = Field(None, description="Required for custom; replaces a preset's URL otherwise.")
    model_api: Literal["chat", "responses"] | None = Field(None, description="Empty: the provider's preset.")
    history_token_budget: int = Field(8_000, ge=500, description="Estimated tokens of earlier turns given to a model.")
    model_sees: bool | None = Field(None, description="Whether the model takes pictures; empty: the provider's preset.")
    model_choices: list[ModelChoice] = Field(
        [], description='Models to choose in the composer, as JSON: [{"id": "gpt-5", "label": "Thorough"}].'
    )
    composer_tools: list[ComposerTool] = Field(
        [
            ComposerTool(
                id="search_knowledge",
                label="Search documents",
                icon="book-open",
                placeholderOverride="What do you want to know?",
            ),
            ComposerTool(id="overview", label="Overview", icon="chart"),
        ],
        description="Tools to choose in the composer, as JSON like the above, with icon and placeholderOverride.",
    )
    model_titles: bool = Field(True, description="Let the model name each conversation after its first answer.")
    model_calls_limit: int = Field(12, ge=1, le=100, description="Model calls in one turn.")
    model_first_text_seconds: float = Field(90, gt=0, description="Longest silence before a model's first word.")
    model_between_texts_seconds: float = Field(45, gt=0, description="Longest silence once it has begun.")
    model_retries: int = Field(2, ge=0, le=10, description="How often a failed model call is repeated, if it can help.")
    stop_when_left: bool = Field(
        False, description="Stop a chat turn when its connection closes; OpenAI's own element cannot stop it otherwise."
    )
    turn_seconds_limit: float = Field(300, gt=0, description="Longest a turn may take.")
    user_turns_a_minute: int = Field(30, ge=0, description="Most turns one user may begin in a minute; 0: any number.")
    user_tokens_a_day: int = Field(0, ge=0, description="Most tokens one user may use in a day; 0: any number.")
    model_prices: dict[str, tuple[Decimal, Decimal]] = Field(
        {}, description='Per million tokens in and out, as JSON: {"gpt-5-mini": [0.25, 2]}; for the cost of turns.'
    )
    shutdown_grace_seconds: float = Field(5, ge=0, description="How long turns may finish when the server is stopped.")
    turn_lease_seconds: float = Field(15, ge=1, description="After this silence, a turn's process counts as dead.")

    media_dir: Path | None = Field(None, description="Where uploaded files are kept; unset: DATA_DIR/media.")
    document_megabytes_limit: int = Field(20, ge=1, le=500, description="Largest file that is taken.")
    user_documents: int = Field(10_000, ge=0, description="Most documents one user may have; 0: any number.")
    document_language: str = Field(
        "english", pattern="^[a-z_]{1,63}$", description="PostgreSQL's language for documents too short to tell theirs."
    )
    attachment_megabytes_limit: int = Field(10, ge=1, le=100, description="Largest file that comes with a message.")
    message_attachments: int = Field(5, ge=0, le=20, description="Most files of one message; 0: none are offered.")
    user_attachments: int = Field(2_000, ge=0, description="Most files one user may have attached; 0: any number.")
    attachment_characters: int = Field(16_000, ge=500, description="How much of an attached document a model is given.")
    document_worker: Literal["inside", "apart"] = Field(
        "inside", description="Who reads new documents: this server, or `manage.py db_worker` processes."
    )
    embedding_base_url: HttpUrl | None = Field(None, description="Any OpenAI-compatible URL; unset: full text only.")
    embedding_model: str = Field("", description="Required with EMBEDDING_BASE_URL.")
    embedding_api_key: SecretStr | None = None
    embedding_dimensions: int | None = Field(None, ge=1, le=16_000, description="For models that can shorten vectors.")
    embedding_batch_size: int = Field(64, ge=1, le=2048, description="Texts in one request.")

    retain_conversations_days: int = Field(
        0, ge=0, description="`prune` removes conversations in which nothing was said for longer; 0: kept for ever."
    )
    retain_history_days: int = Field(
        0, ge=0, description="The same for operations: undo, replays, and who changed what need them. 0: kept for ever."
    )
    retain_reading_days: int = Field(0, ge=0, description="The same for what staff have read; 0: kept for ever.")

    metrics_token: SecretStr | None = Field(
        None, description="Bearer token for /metrics; unset: programs on this machine may read it."
    )
    transcription_base_url: HttpUrl | None = Field(
        None, description="Dictation: any OpenAI-compatible URL; unset: none."
    )
    transcription_model: str = Field("", description="Required with TRANSCRIPTION_BASE_URL; for example whisper-1.")
    transcription_api_key: SecretStr | None = None
    transcription_megabytes_limit: int = Field(10, ge=1, le=100, description="Largest recording.")
    chatkit_domain_key: str = Field("", description="OpenAI's hosted chat element instead of ours; needs the internet.")
    locale: str = Field("", pattern=r"^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$", description="Empty: the browser's.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    log_format: Literal["console", "json"] = "console"
    log_content: bool = Field(
        False, description="Let logs hold what people and models wrote: providers' error texts, values in tracebacks."
    )
    otel_exporter_otlp_endpoint: HttpUrl | None = Field(
        None, description="Where traces go (OTLP over HTTP), as http://127.0.0.1:4318; needs `uv sync --group traces`."
    )

    @field_validator("database_url")
    @classmethod
    def binds_here(cls, value: PostgresDsn | None) -> PostgresDsn | None:
        if value and "server_side_binding" in dict(value.query_params()):
            raise ValueError("server_side_binding cannot be used: statements that are sent together are bound here")
        return value

    @field_validator("mcp_servers", "mcp_states")
    @classmethod
    def present_paths(cls, value: list[str]) -> list[str]:
        return [FORMER_PATHS.get(path, path) for path in value]

    @field_validator("embed_origins")
    @classmethod
    def are_origins(cls, value: list[str]) -> list[str]:
        for origin in value:
            if not ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is not an origin; write for example https://intranet.example.org")
        return value

    @field_validator("default_timezone")
    @classmethod
    def zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not an IANA time zone; write for example Europe/Berlin")
        return value

    @model_validator(mode="after")
    def settings_agree(self) -> Self:
        if self.database_url and not self.secret_key:
            raise ValueError("SECRET_KEY: required when DATABASE_URL is set; use a long random text")
        if self.model_provider in {"openai", "openrouter", "gemini"} and not self.model_api_key:
            raise ValueError(f"MODEL_API_KEY: required for MODEL_PROVIDER={self.model_provider}")
        if self.model_provider in {"ollama", "custom"} and not self.model_name:
            raise ValueError(f"MODEL_NAME: required for MODEL_PROVIDER={self.model_provider}")
        if self.otel_exporter_otlp_endpoint and not find_spec("opentelemetry.exporter"):
            raise ValueError("OTEL_EXPORTER_OTLP_ENDPOINT: install the exporter first: uv sync --group traces")
        if self.model_provider == "custom" and not self.model_base_url:
            raise ValueError("MODEL_BASE_URL: required for MODEL_PROVIDER=custom; for example http://127.0.0.1:8080/v1")
        if self.transcription_base_url and not self.transcription_model:
            raise ValueError("TRANSCRIPTION_MODEL: required with TRANSCRIPTION_BASE_URL")
        if self.model_choices and self.model_provider == "offline":
            raise ValueError("MODEL_CHOICES: there is only one offline model; set MODEL_PROVIDER too")
        if self.embedding_base_url and not self.embedding_model:
            raise ValueError("EMBEDDING_MODEL: required with EMBEDDING_BASE_URL")
        return self


# Variables whose value is not shown in an error.
SECRET = {
    "database_url",
    *(name for name, field in Environment.model_fields.items() if "SecretStr" in str(field.annotation)),
}


def load() -> Environment:
    """Return the environment, or end the process with one line for each wrong variable and how to correct it."""
    try:
        return Environment()
    except ValidationError as error:
        raise SystemExit(explain(error)) from None


def explain(error: ValidationError) -> str:
    """Turn a validation error into lines `NAME: what is wrong (got 'value')`; secret values are not shown."""
    lines = []
    for fault in error.errors(include_url=False):
        reason = fault["msg"].removeprefix("Value error, ")
        if not fault["loc"]:
            lines.append(reason)
            continue
        name = str(fault["loc"][0])
        shown = "" if name in SECRET else f" (got {fault['input']!r})"
        lines.append(f"{name.upper()}: {reason}{shown}")
    return "Errand cannot start; these environment variables are wrong:\n  " + "\n  ".join(lines)
