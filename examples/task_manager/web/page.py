"""Show the page, also after a form that could not be obeyed."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError

from examples.task_manager.dependencies import DbSession, SharedResources
from examples.task_manager.errors import ANSWERS
from examples.task_manager.exceptions import DatabaseUnavailableError, TaskManagerError
from examples.task_manager.models import TaskStatus
from examples.task_manager.services.attachments import AttachmentService
from examples.task_manager.services.files import ACCEPTED
from examples.task_manager.services.tasks import TaskService
from examples.task_manager.web.forms import PAGE_SIZE, Filter, explain
from examples.task_manager.web.session import CookieText, Visitor
from typeway import Depends, Query, Request, Response, status
from typeway.responses import RedirectResponse
from typeway.templating import Jinja2Templates

templates = Jinja2Templates(directory=Path(__file__).with_name("templates"))

# Stricter than that of the documentation: no styles or scripts but those in files of ours.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    # The page is another one after logging out.
    "Cache-Control": "no-store",
}
STATUSES = {TaskStatus.TODO: "To do", TaskStatus.IN_PROGRESS: "In progress", TaskStatus.DONE: "Done"}
ORDERS = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-priority": "Most important first",
    "title": "By title",
}


class Page:
    """The page of one request."""

    def __init__(
        self,
        request: Request,
        visitor: Visitor,
        cookie: CookieText,
        session: DbSession,
        resources: SharedResources,
        selected: Annotated[Filter, Query()],
    ) -> None:
        self._request = request
        self._session = session
        self._resources = resources
        self._selected = selected
        # A cookie of nobody: its login has ended, on this page or elsewhere.
        self._has_expired = visitor is None and bool(cookie)
        # Read now, because a rollback forgets the attributes of a user.
        self._visitor = None if visitor is None else (visitor.id, visitor.username)

    async def show(
        self,
        *,
        problem: str | None = None,
        form: BaseModel | None = None,
        editing: int | None = None,
        status_code: int = status.HTTP_200_OK,
    ) -> Response:
        """Render the tasks of the user, or the forms to log in and register.

        Parameters:
            problem: what was wrong with a form.
            form: the form, whose texts are shown again.
            editing: the task that the form belongs to; None if it belongs to none.
        """
        if problem is None and self._has_expired:
            problem = "Your login has ended. Log in again."
        values: dict[str, Any] = {"problem": problem, "form": form, "editing": editing, "username": None}
        template = "login.html"
        if self._visitor is not None:
            owner_id, values["username"] = self._visitor
            template = "tasks.html"
            values |= await self._tasks(owner_id)
        return templates.TemplateResponse(self._request, template, values, status_code=status_code, headers=HEADERS)

    async def obey(
        self, action: Callable[[], Awaitable[object]], form: BaseModel | None = None, editing: int | None = None
    ) -> Response:
        """Do what a form asks for, and lead back to the page; if it cannot be done, show the page with the reason."""
        try:
            await action()
        except ValidationError as error:
            return await self.show(problem=explain(error), form=form, editing=editing, status_code=422)
        except DatabaseUnavailableError:
            # The page cannot be shown either.
            raise
        except TaskManagerError as error:
            answer = ANSWERS[type(error)]
            return await self.show(problem=str(error), form=form, editing=editing, status_code=answer.status)
        # A redirect, so that reloading the page does not send the form again.
        return RedirectResponse(self._url(self._selected.offset), status.HTTP_303_SEE_OTHER)

    async def _tasks(self, owner_id: int) -> dict[str, Any]:
        publish, offset = self._resources.feed.publish, self._selected.offset
        page = await TaskService(self._session, owner_id, publish).find(self._selected.query())
        attachments = AttachmentService(self._session, owner_id, self._resources.files, publish)
        return {
            "tasks": page.tasks,
            "total": page.total,
            "selected": self._selected,
            "attachments": await attachments.of_tasks([task.id for task in page.tasks]),
            "following": self._url(offset + PAGE_SIZE) if page.next else None,
            "preceding": self._url(max(offset - PAGE_SIZE, 0)) if offset else None,
            "suffix": self._suffix(offset),
            "statuses": STATUSES,
            "orders": ORDERS,
            "accepted": ",".join(ACCEPTED),
            "limit": self._resources.files.limit,
        }

    def _url(self, offset: int) -> str:
        return self._request.url_for("show_page").path + self._suffix(offset)

    def _suffix(self, offset: int) -> str:
        """Return the query string of what is shown."""
        shown = self._selected.model_copy(update={"offset": offset}).model_dump(mode="json", exclude_defaults=True)
        return f"?{urlencode(shown)}" if shown else ""


CurrentPage = Annotated[Page, Depends()]
