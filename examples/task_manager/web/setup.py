"""Add the web page to an application."""

from pathlib import Path

from examples.task_manager.config import Settings
from examples.task_manager.web.errors import show_error
from examples.task_manager.web.routes import router, uploads
from examples.task_manager.web.session import LoginRequiredError
from typeway import Request, Typeway, status
from typeway.responses import RedirectResponse
from typeway.staticfiles import StaticFiles

# What a form with a file has beside the file.
FORM_BYTES = 64 * 1024


def add_web_page(app: Typeway, settings: Settings) -> None:
    """Add the page at `/`, its forms below `/web`, and its files below `/static`."""
    app.include_router(router)
    app.include_router(uploads, max_body_size=settings.max_attachment_bytes + FORM_BYTES)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    app.exception_handler(LoginRequiredError)(lead_to_login)
    app.state.error_page = show_error


async def lead_to_login(request: Request, error: LoginRequiredError) -> RedirectResponse:
    """Show the forms to log in, instead of an error."""
    return RedirectResponse(request.url_for("show_page").path, status.HTTP_303_SEE_OTHER)
