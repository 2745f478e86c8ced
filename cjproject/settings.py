"""Django and Celery settings, from the environment alone.

Nothing set: the embedded default (SQLite, in-memory broker, worker and beat inside the command).
`DATABASE_URL` and `REDIS_URL` switch to PostgreSQL and Redis with separate processes.
`DJANGO_PRODUCTION=1` turns the protective settings on and demands a secret key and host names.
"""

import os
import re
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from cjproject import addresses

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("CJ_DATA_DIR", BASE_DIR / "var"))
try:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
except OSError as _error:
    raise ImproperlyConfigured(
        f"CJ_DATA_DIR: {DATA_DIR}: {_error.strerror}. Name a folder that can be written"
    ) from None

PRODUCTION = os.environ.get("DJANGO_PRODUCTION", "") == "1"
DATABASE_URL = os.environ.get("DATABASE_URL", "")
REDIS_URL = os.environ.get("REDIS_URL", "")
if REDIS_URL:
    addresses.check_broker(REDIS_URL)
# Embedded: the broker lives in this process, so worker and beat must too.
EMBEDDED = not REDIS_URL


_REMEDIES = {
    "DJANGO_SECRET_KEY": "a long random text, the same for every process (openssl rand -hex 32)",
    "DJANGO_ALLOWED_HOSTS": "the host names that the site answers to, separated by commas",
}


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} must be set when DJANGO_PRODUCTION=1: to {_REMEDIES[name]}"
        )
    return value


def _rate(name: str, usual: str) -> str:
    """So many requests in a second, minute, hour or day, as in "60/minute"."""
    value = os.environ.get(name) or usual
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", value):
        raise ImproperlyConfigured(
            f'{name} must be a number of requests and a time, as in "{usual}": '
            "per second, minute, hour or day"
        )
    return value


def _local_secret_key() -> str:
    """One random key per data folder, so that sessions and tokens survive a restart.

    It appears whole or not at all: several processes may start at once.
    """
    path = DATA_DIR / "secret.key"
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=DATA_DIR)  # readable by its owner only
        with os.fdopen(handle, "w") as new:
            new.write(secrets.token_urlsafe(64))
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text()


DEBUG = not PRODUCTION and os.environ.get("DJANGO_DEBUG", "") == "1"
if PRODUCTION:
    SECRET_KEY = _required("DJANGO_SECRET_KEY")
    ALLOWED_HOSTS = [host.strip() for host in _required("DJANGO_ALLOWED_HOSTS").split(",")]
else:
    SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY") or _local_secret_key()
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]

if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_celery_results",
    "django_prometheus",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "llmprovider",
    "assessment",
    "cjproject",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "cjproject.request_ids.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "cjproject.content_policies.ContentPolicyMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "cjproject.urls"
WSGI_APPLICATION = "cjproject.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

if DATABASE_URL:
    DATABASES = {"default": addresses.database_of(DATABASE_URL)}
else:
    DATABASES = {
        "default": {
            "ENGINE": "django_prometheus.db.backends.sqlite3",
            "NAME": DATA_DIR / "essay_judge.sqlite3",
        }
    }

if DATABASE_URL:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": 32, "timeout": 30},
    }
    # A connection is tried before it is used: after a restart of the server all of them are dead.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
else:
    # Django's SQLite defaults fail under many threads; a write lock taken at once does not.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }
    if REDIS_URL:
        # The lock of a SQLite file tells whether another process works it, and workers with a
        # broker hold none: a command without REDIS_URL would take their calls for a dead one's.
        raise ImproperlyConfigured(
            "REDIS_URL makes workers of other processes, which SQLite cannot serve: set "
            "DATABASE_URL to a PostgreSQL database, or leave REDIS_URL unset"
        )
    # The tests' worker threads need a file: an in-memory database cannot be in WAL mode.
    DATABASES["default"]["TEST"] = {"NAME": DATA_DIR / "test.sqlite3"}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
if not PRODUCTION:
    STATIC_ROOT.mkdir(exist_ok=True)
# Without production's collectstatic the admin's files come from where they are installed.
WHITENOISE_USE_FINDERS = not PRODUCTION

# The throttles count in the cache. Without Redis each process counts for itself; the embedded
# default has one web process, so that is all of them.
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "cjproject.caches.CountingRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "essay-judge",
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "cjproject.caches.CountingLocMemCache"}}

# Whoever shows it may read the metrics; without one only staff can.
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # Strangers are turned away before they are counted, but at the token endpoint, which counts
    # them itself.
    "DEFAULT_THROTTLE_CLASSES": [
        "cjproject.throttles.WriteThrottle",
        "cjproject.throttles.ReadThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "write": _rate("DJANGO_API_WRITE_RATE", "120/minute"),
        "read": _rate("DJANGO_API_READ_RATE", "1200/minute"),
    },
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Comparative judgement of essays",
    "DESCRIPTION": "Batches of essays judged in pairs by LLM judges.",
    "VERSION": "1",
    "ENUM_NAME_OVERRIDES": {
        "BatchStatus": "assessment.models.Batch.Status",
        "PairStatus": "assessment.models.ComparisonPair.Status",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cjproject.api_schemas.add_common_answers",
    ],
}
if os.environ.get("DJANGO_NUM_PROXIES"):
    # Behind proxies the client's address, which the throttle goes by, is in a header.
    if not re.fullmatch("[0-9]{1,2}", os.environ["DJANGO_NUM_PROXIES"]):
        raise ImproperlyConfigured("DJANGO_NUM_PROXIES must be a number of proxies, such as 1")
    REST_FRAMEWORK["NUM_PROXIES"] = int(os.environ["DJANGO_NUM_PROXIES"])
# Essays come as JSON or files of one request; the intake checks each file again.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000

# Celery. The database is the truth; messages only say "look now", and beat says so again.
CELERY_TASK_DEFAULT_QUEUE = "assessment"
CELERY_TASK_ROUTES = {
    # What waits for a provider keeps nothing else waiting: neither calls nor jobs share a queue
    # with work on the database alone.
    "llmprovider.process_bundle": {"queue": "provider"},
    "llmprovider.submit_job": {"queue": "jobs"},
    "llmprovider.check_job": {"queue": "jobs"},
    "assessment.deliver_events": {"queue": "jobs"},  # waits for receivers, a bounded time
    "llmprovider.*": {"queue": "upkeep"},
    "assessment.*": {"queue": "assessment"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_RESULT_EXPIRES = 6 * 3600
CELERY_RESULT_EXTENDED = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
if EMBEDDED:
    CELERY_BROKER_URL = "memory://localhost/"
    # The default of one second makes a run 18 times slower.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}
    CELERY_RESULT_BACKEND = "django-db"
    # Beat sleeps this long at most, and a command that ends waits for it.
    CELERY_BEAT_MAX_LOOP_INTERVAL = 0.5
else:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
    }
    CELERY_RESULT_BACKEND = REDIS_URL
    CELERY_TASK_REJECT_ON_WORKER_LOST = True
    CELERY_RESULT_CHORD_EXPIRES = 2 * 24 * 3600

CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
_SWEEP_SECONDS = 5.0 if EMBEDDED else 15.0
CELERY_BEAT_SCHEDULE = {
    "queue-clean-up": {"task": "llmprovider.clean_up_queue", "schedule": _SWEEP_SECONDS},
    "batch-jobs": {"task": "llmprovider.check_jobs", "schedule": _SWEEP_SECONDS},
    "batch-monitor": {"task": "assessment.monitor_batches", "schedule": _SWEEP_SECONDS},
    "events": {"task": "assessment.deliver_events", "schedule": _SWEEP_SECONDS},
}

_LOG_LEVEL = os.environ.get("LOG_LEVEL") or "INFO"
if _LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise ImproperlyConfigured("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL")
_TASK_LINES = "DEBUG" if _LOG_LEVEL == "DEBUG" else "WARNING"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {"()": "cjproject.logs.formatter"},
    },
    "handlers": {"stderr": {"class": "cjproject.logs.StandardErrorHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "assessment": {"level": _LOG_LEVEL},
        "llmprovider": {"level": _LOG_LEVEL},
        "cjproject": {"level": _LOG_LEVEL},
        # Two lines a task would be thousands a day of sweeps that had nothing to do, and push a
        # batch's lines out of logs of a bounded size. Failures are errors, and stay.
        "celery.app.trace": {"level": _TASK_LINES},
        "celery.worker.strategy": {"level": _TASK_LINES},
        # RequestIdMiddleware tells of each request; these name its path, which a caller writes.
        "django.request": {"level": "ERROR"},
    },
}
