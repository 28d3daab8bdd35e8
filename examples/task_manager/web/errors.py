"""Show errors as pages to browsers; programs get JSON."""

from collections.abc import Mapping

from examples.task_manager.schemas.error import ErrorResponse
from examples.task_manager.web.page import HEADERS, templates
from typeway import Request, Response
from typeway.negotiation import accepts_html

# What a person can do about it.
ADVICE = {
    401: "Log in, and try again.",
    403: "Another page has sent this in your name. Nothing was changed; do it here, if you meant it.",
    404: "The address is wrong, or what was there is gone.",
    413: "Choose a smaller file or a shorter text.",
    429: "Wait a minute before you try again.",
    500: "It is our mistake, and it has been noted. The number below helps us to find it.",
    503: "Wait a moment, go back and try again: your browser has kept what you typed.",
}
TITLES = {
    401: "You are not logged in",
    403: "This was refused",
    404: "There is nothing here",
    413: "This is too large",
    429: "That was too often",
    503: "We will be back in a moment",
}


def show_error(request: Request, status: int, error: ErrorResponse, headers: Mapping[str, str]) -> Response | None:
    """Render an error for a browser that wants to show a page; None for everybody else, such as the script of the page."""
    if not accepts_html(request):
        return None
    again = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    values = {
        "title": TITLES.get(status, "This did not work"),
        "error": error,
        "advice": ADVICE.get(status),
        "request_id": request.scope.get("state", {}).get("request_id"),
        # What was asked for can be asked for again; a form that was sent cannot.
        "again": again if request.method == "GET" and status in (429, 503) else None,
    }
    return templates.TemplateResponse(request, "error.html", values, status_code=status, headers={**headers, **HEADERS})
