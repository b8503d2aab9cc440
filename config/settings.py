"""Django settings. What differs between installations comes from `config.environment`; the rest stands here."""

import secrets
import tomllib
from pathlib import Path
from typing import Any

import django_stubs_ext
import structlog
from django.utils.csp import CSP

from config.environment import BASE_DIR as BASE_DIR
from config.environment import load

environment = load()
django_stubs_ext.monkeypatch()  # lets admin classes say at run time which model they are for

# The project is not installed as a package, so there is no metadata to ask: pyproject.toml is the one place.
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
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
    "config.apps.Daphne",  # before staticfiles, which has a `runserver` too
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "ninja",
    "accounts",
    "tasks",
    "knowledge",
    "chat",
    "config",
    "django_tasks_db",
]

# What requests of pages go through, and requests of programs pass by (config/middleware.py).
PAGE_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# What is for all requests stands before `programs`; something else after it is refused (config/checks.py).
MIDDLEWARE = [
    "config.middleware.security",
    "config.middleware.problem_details",
    "config.middleware.programs",
    *PAGE_MIDDLEWARE,
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
        # A pooler in transaction mode gives each transaction another session (docs/deployment.md).
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {},
    }
}
# Threads of a server process that run database sections, each with a connection (core/sections.py).
SECTION_THREADS = environment.database_pool_size
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
if environment.live_updates == "postgresql":
    CHANNEL_LAYERS["default"] = {"BACKEND": "config.channel_layer.PostgresChannelLayer"}
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
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = "errand_session"
SESSION_COOKIE_SAMESITE = "Lax"
BETTER_AUTH_URL = str(environment.better_auth_url).rstrip("/") if environment.better_auth_url else None
BETTER_AUTH_INTERNAL_URL = str(environment.better_auth_internal_url or "").rstrip("/")
PORT = environment.port
PUBLIC_URL = str(environment.public_url or f"http://127.0.0.1:{PORT}").rstrip("/")
DEFAULT_TIMEZONE = environment.default_timezone
SIGN_IN_ATTEMPTS_A_MINUTE = environment.sign_in_attempts_a_minute

LOCALE = environment.locale
CHATKIT_DOMAIN_KEY = environment.chatkit_domain_key
CHATKIT_CDN = "https://cdn.platform.openai.com"

# Pages may load what this server sends and nothing inline, and nobody may show them in a frame.
auth_origin = [BETTER_AUTH_URL] if BETTER_AUTH_URL else []
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "connect-src": [CSP.SELF, *auth_origin],
    "img-src": [CSP.SELF, "data:", "blob:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
if CHATKIT_DOMAIN_KEY:  # OpenAI's element: a script that opens a frame, both from there
    for directive in ("script-src", "connect-src", "img-src", "frame-src"):
        SECURE_CSP[directive] = [*SECURE_CSP.get(directive, [CSP.SELF]), CHATKIT_CDN]
EMBED_ORIGINS = environment.embed_origins  # who may frame /embed
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
TRUST_PROXY = environment.trust_proxy
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# If people use https, they use nothing else.
is_https = PUBLIC_URL.startswith("https:")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = is_https
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if is_https else 0
SECURE_SSL_REDIRECT = is_https and TRUST_PROXY  # without the proxy's word every request would look like http
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]  # asked from inside, over http
# Whether other names below the same domain keep to https is not for this program to say (W005, W021); a server without
# a proxy that we are told to trust leaves the redirect to whatever stands before it (W008).
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", *([] if TRUST_PROXY else ["security.W008"])]

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.serving.static_files.DigestStorage"},
}

# The largest request body; files have a path and a limit of their own (knowledge/surfaces/rest.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# Tool servers that the agent and other assistants may use: dotted paths of MCP servers that live in this process.
MCP_SERVERS = environment.mcp_servers
# Further tool servers, for other assistants at /mcp only; the agent does not get their tools.
MCP_GUEST_SERVERS = ["knowledge.surfaces.mcp.guest_server"]
# Tools for the agent only: what they do makes no sense outside of a chat.
MCP_AGENT_SERVERS = ["chat.items.questions.server"]
# Tools that only widgets call: neither the agent nor other assistants are told of them.
MCP_WIDGET_SERVERS = ["tasks.surfaces.widget_tools.server"]
# What those servers keep for a user, as replays read, restore and compare it (core/tools/replay_state.py).
MCP_STATES = environment.mcp_states
# The model used while MODEL_PROVIDER is offline: a dotted path, because it speaks the language of the tools above.
OFFLINE_MODEL = "offline.OfflineModel"
MODEL_PROVIDER = environment.model_provider
MODEL_NAME = environment.model_name
MODEL_API_KEY = environment.model_api_key.get_secret_value() if environment.model_api_key else ""
MODEL_BASE_URL = str(environment.model_base_url) if environment.model_base_url else ""
MODEL_API = environment.model_api
MODEL_SEES = environment.model_sees
HISTORY_TOKEN_BUDGET = environment.history_token_budget
MODEL_CHOICES = environment.model_choices
COMPOSER_TOOLS = environment.composer_tools
MODEL_TITLES = environment.model_titles
MODEL_CALLS_LIMIT = environment.model_calls_limit
MODEL_FIRST_TEXT_SECONDS = environment.model_first_text_seconds
MODEL_BETWEEN_TEXTS_SECONDS = environment.model_between_texts_seconds
MODEL_RETRIES = environment.model_retries
MODEL_RETRY_DELAY_SECONDS = 0.5  # before the first retry; three times as long before each further one
PROGRESS_SECONDS = 2.0  # a tool that works longer is named to those who wait
STOP_WHEN_LEFT = environment.stop_when_left
TURN_SECONDS_LIMIT = environment.turn_seconds_limit
USER_TURNS_A_MINUTE = environment.user_turns_a_minute
USER_TOKENS_A_DAY = environment.user_tokens_a_day
MODEL_PRICES = environment.model_prices
SHUTDOWN_GRACE_SECONDS = environment.shutdown_grace_seconds
LEAVE_SECONDS = 2  # after that, for connections to end that watched turns
TURN_LEASE_SECONDS = environment.turn_lease_seconds

# Files as they were given. Their texts are in the database.
MEDIA_ROOT = (environment.media_dir or DATA_DIR / "media").expanduser().resolve()
TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "OPTIONS": {"id_function": "uuid_utils.compat.uuid7"}}
}
DOCUMENT_BYTES_LIMIT = environment.document_megabytes_limit * 1_000_000
USER_DOCUMENTS = environment.user_documents
ATTACHMENT_BYTES_LIMIT = environment.attachment_megabytes_limit * 1_000_000
MESSAGE_ATTACHMENTS = environment.message_attachments
USER_ATTACHMENTS = environment.user_attachments
ATTACHMENT_CHARACTERS = environment.attachment_characters
# What reads an attached document: a dotted path, from (bytes, name) to text; raises `core.problems.Problem`.
ATTACHMENT_READER = "knowledge.reading.attachment_text.text_of"
DOCUMENT_LANGUAGE = environment.document_language
DOCUMENT_WORKER = environment.document_worker
EMBEDDING_BASE_URL = str(environment.embedding_base_url or "").rstrip("/")
EMBEDDING_MODEL = environment.embedding_model
EMBEDDING_API_KEY = environment.embedding_api_key.get_secret_value() if environment.embedding_api_key else ""
EMBEDDING_DIMENSIONS = environment.embedding_dimensions
EMBEDDING_BATCH_SIZE = environment.embedding_batch_size
# How long `prune` keeps what (config/retention.py); 0: for ever.
RETAIN_CONVERSATIONS_DAYS = environment.retain_conversations_days
RETAIN_HISTORY_DAYS = environment.retain_history_days
RETAIN_READING_DAYS = environment.retain_reading_days
METRICS_TOKEN = environment.metrics_token.get_secret_value() if environment.metrics_token else ""
TRANSCRIPTION_BASE_URL = str(environment.transcription_base_url or "").rstrip("/")
TRANSCRIPTION_MODEL = environment.transcription_model
TRANSCRIPTION_API_KEY = (
    environment.transcription_api_key.get_secret_value() if environment.transcription_api_key else ""
)
TRANSCRIPTION_BYTES_LIMIT = environment.transcription_megabytes_limit * 1_000_000
# Whether logs may hold what people and models wrote.
LOG_CONTENT = environment.log_content
TRACES_URL = str(environment.otel_exporter_otlp_endpoint or "").rstrip("/")

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
                # Values of variables would be what people wrote.
                structlog.processors.ExceptionRenderer(
                    structlog.tracebacks.ExceptionDictTransformer(show_locals=environment.log_content)
                )
                if environment.log_format == "json"
                else structlog.processors.CallsiteParameterAdder([]),
                structlog.processors.JSONRenderer()
                if environment.log_format == "json"
                else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": environment.log_level},
    "loggers": {
        "django": {"level": environment.log_level},
        "errand": {"level": environment.log_level},
        "pypdf": {"level": "ERROR"},
    },
}
