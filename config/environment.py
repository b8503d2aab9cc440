"""Errand's whole environment: every variable it reads, typed, with its default, validated at start."""

from decimal import Decimal
from pathlib import Path
from typing import Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, HttpUrl, PostgresDsn, RedisDsn, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent

ModelProvider = Literal["offline", "openai", "openrouter", "gemini", "ollama", "custom"]


class Environment(BaseSettings):
    """Read from environment variables (upper-case field names) and from `.env` in the project's folder."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(BASE_DIR / ".data", description="Embedded database, secret key. `quickstart --data-dir`.")
    database_url: PostgresDsn | None = Field(None, description="Any PostgreSQL; unset: the embedded one.")
    database_pool_size: int = Field(20, ge=1, le=1000, description="Connections that one process keeps at most.")
    redis_url: RedisDsn | None = Field(None, description="Channel layer for several processes; unset: in memory.")
    secret_key: SecretStr | None = Field(None, description="Required with DATABASE_URL; else kept in DATA_DIR.")
    debug: bool = False
    allowed_hosts: list[str] = Field(["127.0.0.1", "localhost", "[::1]"], description='JSON list: ["example.org"].')
    public_url: HttpUrl | None = Field(None, description="Where people reach this server; /mcp tells it.")
    trusted_origins: list[str] = Field([], description='More origins of the page: ["https://example.org"].')
    default_timezone: str = Field("UTC", description="IANA zone of new users until their browser tells theirs.")
    better_auth_url: HttpUrl | None = Field(None, description="Origin of a Better Auth server; unset: built-in issuer.")

    mcp_servers: list[str] = Field(
        ["tasks.mcp.server"], description="Tool servers in this process, dotted paths as a JSON list."
    )
    model_provider: ModelProvider = "offline"
    model_name: str = Field("", description="Empty: the provider's preset. Required for ollama and custom.")
    model_api_key: SecretStr | None = None
    model_base_url: HttpUrl | None = Field(None, description="Required for custom; replaces a preset's URL otherwise.")
    model_api: Literal["chat", "responses"] | None = Field(None, description="Empty: the provider's preset.")
    history_token_budget: int = Field(8_000, ge=500, description="Estimated tokens of earlier turns given to a model.")
    model_calls_limit: int = Field(12, ge=1, le=100, description="Model calls in one turn.")
    model_first_text_seconds: float = Field(90, gt=0, description="Longest silence before a model's first word.")
    model_between_texts_seconds: float = Field(45, gt=0, description="Longest silence once it has begun.")
    model_retries: int = Field(2, ge=0, le=10, description="Times a failed model call is tried again, if it can be.")
    turn_seconds_limit: float = Field(300, gt=0, description="Longest a turn may take.")
    user_turns_a_minute: int = Field(30, ge=0, description="Most turns one user may begin in a minute; 0: any number.")
    user_tokens_a_day: int = Field(0, ge=0, description="Most tokens one user may use in a day; 0: any number.")
    model_prices: dict[str, tuple[Decimal, Decimal]] = Field(
        {}, description='Per million tokens in and out, as JSON: {"gpt-5-mini": [0.25, 2]}; for the cost of turns.'
    )
    shutdown_grace_seconds: float = Field(5, ge=0, description="How long turns may finish when the server is stopped.")
    turn_lease_seconds: float = Field(15, ge=1, description="A turn's process is taken for dead after this silence.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    log_format: Literal["console", "json"] = "console"

    @field_validator("default_timezone")
    @classmethod
    def zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("not an IANA time zone; write for example Europe/Berlin")
        return value

    @model_validator(mode="after")
    def hangs_together(self) -> Self:
        if self.database_url and not self.secret_key:
            raise ValueError("SECRET_KEY: required when DATABASE_URL is set; use a long random text")
        if self.model_provider in {"openai", "openrouter", "gemini"} and not self.model_api_key:
            raise ValueError(f"MODEL_API_KEY: required for MODEL_PROVIDER={self.model_provider}")
        if self.model_provider in {"ollama", "custom"} and not self.model_name:
            raise ValueError(f"MODEL_NAME: required for MODEL_PROVIDER={self.model_provider}")
        if self.model_provider == "custom" and not self.model_base_url:
            raise ValueError("MODEL_BASE_URL: required for MODEL_PROVIDER=custom; for example http://127.0.0.1:8080/v1")
        return self


def load() -> Environment:
    """Return the environment, or end the process with one line for each wrong variable and how to mend it."""
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
        shown = "" if name in {"secret_key", "model_api_key", "database_url"} else f" (got {fault['input']!r})"
        lines.append(f"{name.upper()}: {reason}{shown}")
    return "Errand cannot start; these environment variables are wrong:\n  " + "\n  ".join(lines)
