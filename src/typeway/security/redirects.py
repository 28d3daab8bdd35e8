"""Redirect to an address that a client has chosen, without sending users to a site of somebody else."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse

# Browsers drop tabs and line breaks in a URL, drop spaces and control characters around it, and take a backslash for a
# slash (URL standard, section 4.4): "/\t/evil.example" is another site.
DOUBTFUL: Final = re.compile(r"[\x00-\x20\x7f\\]")


def is_safe_url(url: str, allowed_hosts: Sequence[str] = ()) -> bool:
    """Whether a URL stays in this application, or leads to a host that is allowed.

    Parameters:
        url: a path from the root of the host, such as "/tasks?page=2", or a whole URL with http or https.
        allowed_hosts: hosts to which whole URLs may lead, with the port if there is one: "app.example.com".

    Raises:
        TypeError: `allowed_hosts` is a string.
    """
    if isinstance(allowed_hosts, str):
        raise TypeError(f"allowed_hosts must be a list of strings, not {allowed_hosts!r}.")
    if DOUBTFUL.search(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme or parts.netloc:
        # A user name in front of the host is no part of an honest address: https://example.com@evil.example
        return parts.scheme in ("http", "https") and parts.netloc.lower() in {host.lower() for host in allowed_hosts}
    return url.startswith("/") and not url.startswith("//")


def safe_redirect(
    url: str, *, allowed_hosts: Sequence[str] = (), otherwise: str = "/", status_code: int = 303
) -> RedirectResponse:
    """Return a redirect to a URL from a request, such as `?next=/tasks`; an unsafe one is replaced.

    Parameters:
        url: where the client wants to go.
        allowed_hosts: see `is_safe_url`; without them, only paths of this application are safe.
        otherwise: where an unsafe URL leads instead; the application's own choice, which is not checked.
        status_code: 303 lets the browser ask with GET, as after a form (RFC 9110 section 15.4.4).

    Example:
        ```python
        @app.post("/login")
        async def log_in(next: str = "/") -> RedirectResponse:
            return safe_redirect(next)
        ```
    """
    return RedirectResponse(url if is_safe_url(url, allowed_hosts) else otherwise, status_code)
