"""Django settings. What differs between installations comes from `config.environment`; the rest stands here."""

import secrets
from pathlib import Path
from typing import Any

import django_stubs_ext
import structlog

from config.environment import BASE_DIR as BASE_DIR
from config.environment import load

environment = load()
django_stubs_ext.monkeypatch()  # lets admin classes say at run time which model they are for

VERSION = "0.1.0"
DATA_DIR = environment.data_dir.expanduser().resolve()
DEBUG = environment.debug
ALLOWED_HOSTS = environment.allowed_hosts
CSRF_TRUSTED_ORIGINS = environment.trusted_origins


def kept_secret(path: Path) -> str:
    """Return the secret kept in `path`, making one at the first start. Readable by its owner only."""
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise SystemExit(f"Errand cannot read {path}: {error.strerror}. Set DATA_DIR (--data-dir) elsewhere.") from None
    secret = secrets.token_urlsafe(50)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secret)
    except OSError as error:
        raise SystemExit(
            f"Errand cannot write {path}: {error.strerror}. Set DATA_DIR (--data-dir) elsewhere."
        ) from None
    return secret


if environment.secret_key:
    SECRET_KEY = environment.secret_key.get_secret_value()
else:
    SECRET_KEY = kept_secret(DATA_DIR / "secret_key")

INSTALLED_APPS = [
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "ninja",
    "accounts",
    "tasks",
    "chat",
    "config",
]

MIDDLEWARE = [
    "config.middleware.problem_details",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Without DATABASE_URL the engine starts the embedded PostgreSQL at its first connection (config/embedded).
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "CONN_HEALTH_CHECKS": True,  # a restarted database costs nobody a request
        "OPTIONS": {"pool": {"min_size": 1, "max_size": environment.database_pool_size}},
    }
}
if environment.database_url:
    host = environment.database_url.hosts()[0]
    DATABASES["default"] |= {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": (environment.database_url.path or "/errand").lstrip("/"),
        "USER": host["username"] or "",
        "PASSWORD": host["password"] or "",
        "HOST": host["host"] or "",
        "PORT": host["port"] or "",
    }
    DATABASES["default"]["OPTIONS"] |= dict(environment.database_url.query_params())
else:
    DATABASES["default"] |= {"ENGINE": "config.embedded", "NAME": "errand"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CHANNEL_LAYERS: dict[str, dict[str, Any]] = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if environment.redis_url:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [str(environment.redis_url)]},
    }

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in"
SESSION_COOKIE_NAME = "errand_session"
SESSION_COOKIE_SAMESITE = "Lax"
BETTER_AUTH_URL = str(environment.better_auth_url).rstrip("/") if environment.better_auth_url else None
PUBLIC_URL = str(environment.public_url or "http://127.0.0.1:8000").rstrip("/")
DEFAULT_TIMEZONE = environment.default_timezone

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

# No request body is ever larger; attachments will come through their own path.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# Tool servers that the agent and other assistants may use: dotted paths of MCP servers that live in this process.
MCP_SERVERS = environment.mcp_servers
# The model used while MODEL_PROVIDER is offline: a dotted path, because it speaks the language of the tools above.
OFFLINE_MODEL = "tasks.offline.OfflineModel"
MODEL_PROVIDER = environment.model_provider
MODEL_NAME = environment.model_name
MODEL_API_KEY = environment.model_api_key.get_secret_value() if environment.model_api_key else ""
MODEL_BASE_URL = str(environment.model_base_url) if environment.model_base_url else ""
MODEL_API = environment.model_api
HISTORY_TOKEN_BUDGET = environment.history_token_budget
MODEL_CALLS_LIMIT = environment.model_calls_limit
MODEL_FIRST_TEXT_SECONDS = environment.model_first_text_seconds
MODEL_BETWEEN_TEXTS_SECONDS = environment.model_between_texts_seconds
MODEL_RETRIES = environment.model_retries
MODEL_RETRY_DELAY_SECONDS = 0.5  # before the first retry; three times as long before each further one
TURN_SECONDS_LIMIT = environment.turn_seconds_limit
USER_TURNS_A_MINUTE = environment.user_turns_a_minute
USER_TOKENS_A_DAY = environment.user_tokens_a_day
MODEL_PRICES = environment.model_prices
SHUTDOWN_GRACE_SECONDS = environment.shutdown_grace_seconds
TURN_LEASE_SECONDS = environment.turn_lease_seconds

shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[*shared_processors, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.dict_tracebacks
                if environment.log_format == "json"
                else structlog.processors.CallsiteParameterAdder([]),
                structlog.processors.JSONRenderer()
                if environment.log_format == "json"
                else structlog.dev.ConsoleRenderer(),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": environment.log_level},
    "loggers": {"django": {"level": environment.log_level}, "errand": {"level": environment.log_level}},
}
