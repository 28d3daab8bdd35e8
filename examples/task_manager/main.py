"""Assemble the application: the API, its protection in browsers, and the web page.

typeway run examples.task_manager.main:app
uvicorn examples.task_manager.main:app
"""

from starlette.middleware import Middleware

from examples.task_manager.api import create_api
from examples.task_manager.config import ConfigurationError, Settings, load_settings
from examples.task_manager.limits import limits_of_logins
from examples.task_manager.web.setup import add_web_page
from typeway import Depends, Typeway
from typeway.health import ready
from typeway.middleware.csrf import CSRFMiddleware
from typeway.middleware.securityheaders import SecurityHeadersMiddleware

# The pages of the documentation write styles while they run, and ReDoc starts a worker.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def create_app(settings: Settings | None = None) -> Typeway:
    """Create an application that is independent of all others.

    Parameters:
        settings: the settings to use instead of the environment variables; tests pass their own.

    Raises:
        ConfigurationError: no settings were passed, and the environment variables are not valid.
    """
    settings = settings or load_settings()
    app = create_api(
        settings,
        middleware=[
            Middleware(SecurityHeadersMiddleware, content_security_policy=CONTENT_SECURITY_POLICY),
            # The web page knows its users by a cookie, which browsers send whoever has caused a request.
            Middleware(CSRFMiddleware, trusted_origins=settings.cors_origins),
        ],
        # A load balancer learns that the server is about to stop: `typeway run --drain-delay 10`.
        readiness=[Depends(ready)],
        options={"trusted_hosts": settings.trusted_hosts or None, "policies": limits_of_logins(settings)},
    )
    add_web_page(app, settings)
    return app


try:
    app = create_app()
except ConfigurationError as error:
    # One line instead of a traceback, so that the message about the setting is easy to see.
    raise SystemExit(f"task_manager: {error}") from None
