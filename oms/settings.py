"""Settings. Everything that differs between machines comes from the environment; docs/operations.md lists it."""

from decimal import Decimal
from pathlib import Path

import environ
from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY and DEBUG:
    SECRET_KEY = "not-a-secret-for-development-only"
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "oms.desk",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_filters",
    "django_fsm",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "rest_framework",
    "oms.core",
    "customers",
    "inventory",
    "orders",
    "accounting",
    "shipping",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "oms.core.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "oms.desk.login.LoginMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "oms.core.middleware.BusinessErrorMiddleware",
]

ROOT_URLCONF = "oms.urls"
WSGI_APPLICATION = "oms.wsgi.application"

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
                "csp.context_processors.nonce",
                "oms.desk.context.shell",
            ],
        },
    },
]

# One Postgres. Its options keep a forgotten transaction or a slow page from holding the line up.
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///throughline")}
DATABASES["default"].update(
    CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=60),
    CONN_HEALTH_CHECKS=True,
    DISABLE_SERVER_SIDE_CURSORS=env.bool("PGBOUNCER", default=False),
)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=5,
    keepalives=1,
    keepalives_idle=30,
)
if not env.bool("PGBOUNCER", default=False):
    DATABASES["default"]["OPTIONS"]["options"] = (
        f"-c statement_timeout={env.int('STATEMENT_TIMEOUT_MS', default=30_000)}"
        f" -c lock_timeout={env.int('LOCK_TIMEOUT_MS', default=10_000)}"
        " -c idle_in_transaction_session_timeout=60000"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries wake-ups only. No page and no order waits for it.
REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "health_check_interval": 15,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = "line"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "oms.core.tasks.sweep", "schedule": env.float("SWEEP_SECONDS", default=3.0)},
    "prove": {"task": "oms.core.tasks.prove", "schedule": env.float("PROVE_SECONDS", default=300.0)},
    "classify": {"task": "inventory.tasks.classify", "schedule": crontab(hour="2", minute="40")},
}
STATION_BATCH = env.int("STATION_BATCH", default=500)

AUTH_USER_MODEL = "core.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
HTTPS = env.bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/api/docs"],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "frame-ancestors": ["'none'"],
        # The button of a payment link leads on to the gateway's page.
        "form-action": ["'self'", *filter(None, [env("SANDBOX_GATEWAY_URL", default="")])],
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env("TIME_ZONE", default="Europe/London")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "oms.desk.finders.NodeModulesFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": env("STATICFILES_STORAGE", default="whitenoise.storage.CompressedManifestStaticFilesStorage")},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a phone order of a thousand lines
MAX_BODY_BYTES = 1_000_000
LARGER_BODIES = {"/stock/import/": 61_000_000, "/api/v1/sku-imports": 60_000_000}

EMAIL_CONFIG = env.email("EMAIL_URL", default="smtp://127.0.0.1:1025")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
SMS_GATEWAY = env("SMS_GATEWAY", default="")  # mail to +441134960001@… becomes a text message
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Throughline <orders@throughline.example>")
MAIL_SINK_DIR = env("MAIL_SINK_DIR", default="")

# Who keeps the books: printed on invoices, and the currency the ledger is kept in.
BOOKS_CURRENCY = env("BOOKS_CURRENCY", default="GBP")
# A vendor's bill is held where a line differs by more than so many percent, or all its lines together by more than so much (books' currency).
BILL_TOLERANCE_PERCENT = Decimal(env("BILL_TOLERANCE_PERCENT", default="1"))
BILL_TOLERANCE_AMOUNT = Decimal(env("BILL_TOLERANCE_AMOUNT", default="5"))
# Whoever entered a bill may not release it where more than so much is at stake (books' currency): a second pair of eyes does.
BILL_FOUR_EYES_ABOVE = Decimal(env("BILL_FOUR_EYES_ABOVE", default="100"))
COMPANY = {
    "name": env("COMPANY_NAME", default="Throughline Trading Ltd"),
    "address": env("COMPANY_ADDRESS", default="1 Wharf Road\nLeeds LS1 4AP\nUnited Kingdom"),
    "country": env("COMPANY_COUNTRY", default="GB"),
    "vat_number": env("COMPANY_VAT_NUMBER", default="GB980780684"),
    "bank": env("COMPANY_BANK", default="Sort code 00-00-00, account 00000000"),
    "email": env("COMPANY_EMAIL", default="accounts@throughline.example"),
}

# The sandbox carrier: a real HTTP server of our own, for trying things out.
SANDBOX_CARRIER_URL = env("SANDBOX_CARRIER_URL", default="")
SANDBOX_CARRIER_KEY = env("SANDBOX_CARRIER_KEY", default="")
CARRIER_TIMEOUT_SECONDS = env.float("CARRIER_TIMEOUT_SECONDS", default=10.0)
# Standard Webhooks secret (whsec_…) that the sandbox carrier signs its tracking calls with.
CARRIER_WEBHOOK_SECRET = env("CARRIER_WEBHOOK_SECRET", default="")

# The sandbox payment gateway, where customers pay by a link: a page of its own, for trying things out. Without an address nobody can pay online.
SANDBOX_GATEWAY_URL = env("SANDBOX_GATEWAY_URL", default="")
SANDBOX_GATEWAY_KEY = env("SANDBOX_GATEWAY_KEY", default="")
GATEWAY_TIMEOUT_SECONDS = env.float("GATEWAY_TIMEOUT_SECONDS", default=10.0)
# Standard Webhooks secret (whsec_…) that the sandbox payment gateway signs its calls with.
GATEWAY_WEBHOOK_SECRET = env("GATEWAY_WEBHOOK_SECRET", default="")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "customers.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["oms.core.api.access.MayUseApi"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["oms.core.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "oms.core.api.problems.problem_response",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Throughline",
    "DESCRIPTION": "Place orders, follow them, read stock and customers. Every write that places an order is idempotent; "
    "every error is a problem+json; every list is a cursor.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {"PaymentMethodEnum": "customers.states.PaymentMethod"},
}

LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "oms.core.logs.formatter", "json": env.bool("LOG_JSON", default=False)},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
    },
}
