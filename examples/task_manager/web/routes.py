"""The page, and what its forms are sent to. Each leads back to the page, so that everything works without JavaScript."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from examples.task_manager.dependencies import Accounts, Logins
from examples.task_manager.models import User
from examples.task_manager.routers.attachments import AttachmentId
from examples.task_manager.routers.tasks import TaskId
from examples.task_manager.schemas.task import TaskUpdate
from examples.task_manager.services.logins import LoginService
from examples.task_manager.web.forms import EditForm, LoginForm, StatusForm, TaskForm, VersionForm
from examples.task_manager.web.page import CurrentPage, Page
from examples.task_manager.web.session import CookieText, MemberAttachments, MemberTasks, SessionCookie
from typeway import APIRouter, Form, Response, UploadFile
from typeway.responses import HTMLResponse
from typeway.security import SecureCookie

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
# Apart, because its bodies may be larger.
uploads = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
async def show_page(page: CurrentPage) -> Response:
    """Show the tasks, or how to log in."""
    return await page.show()


@router.post("/web/register")
async def register_here(
    page: CurrentPage, form: Annotated[LoginForm, Form()], accounts: Accounts, logins: Logins, cookie: SessionCookie
) -> Response:
    """Create an account and log in."""
    return await enter(page, form, logins, cookie, lambda: accounts.register(form.newcomer()))


@router.post("/web/login")
async def log_in_here(
    page: CurrentPage, form: Annotated[LoginForm, Form()], accounts: Accounts, logins: Logins, cookie: SessionCookie
) -> Response:
    """Log in."""
    return await enter(page, form, logins, cookie, lambda: accounts.authenticate(form.username, form.password))


@router.post("/web/logout")
async def log_out_here(page: CurrentPage, logins: Logins, cookie: SessionCookie, sent: CookieText) -> Response:
    """Log out."""
    response = await page.obey(lambda: logins.end(sent or ""))
    cookie.delete(response)
    return response


@router.post("/web/tasks")
async def add_task(page: CurrentPage, form: Annotated[TaskForm, Form()], tasks: MemberTasks) -> Response:
    """Add a task."""
    return await page.obey(lambda: tasks.create(form.new_task()), form)


@router.post("/web/tasks/{task_id}")
async def edit_task(
    page: CurrentPage, task_id: TaskId, form: Annotated[EditForm, Form()], tasks: MemberTasks
) -> Response:
    """Change a task, unless somebody else has changed it meanwhile."""
    return await page.obey(lambda: tasks.update(task_id, form.changes(), {form.version}), form, task_id)


@router.post("/web/tasks/{task_id}/status")
async def move_task(
    page: CurrentPage, task_id: TaskId, form: Annotated[StatusForm, Form()], tasks: MemberTasks
) -> Response:
    """Complete a task, or take it up again."""
    return await page.obey(lambda: tasks.update(task_id, TaskUpdate(status=form.status), {form.version}))


@router.post("/web/tasks/{task_id}/delete")
async def remove_task(
    page: CurrentPage,
    task_id: TaskId,
    form: Annotated[VersionForm, Form()],
    tasks: MemberTasks,
    attachments: MemberAttachments,
) -> Response:
    """Delete a task with its files."""
    return await page.obey(lambda: attachments.delete_task(tasks, task_id, {form.version}))


@router.post("/web/attachments/{attachment_id}/delete")
async def remove_attachment(page: CurrentPage, attachment_id: AttachmentId, attachments: MemberAttachments) -> Response:
    """Delete a file."""
    return await page.obey(lambda: attachments.delete(attachment_id))


@uploads.post("/web/tasks/{task_id}/attachments")
async def attach_here(page: CurrentPage, task_id: TaskId, file: UploadFile, attachments: MemberAttachments) -> Response:
    """Attach a file."""
    name, media_type = file.filename or "", (file.content_type or "").partition(";")[0].strip().lower()
    return await page.obey(lambda: attachments.add(task_id, name, media_type, chunks_of(file)))


async def enter(
    page: Page, form: LoginForm, logins: LoginService, cookie: SecureCookie, find: Callable[[], Awaitable[User]]
) -> Response:
    """Find or create a user, and log in; the form is shown again if that fails."""
    tokens = []

    async def begin() -> None:
        tokens.append(await logins.begin((await find()).id))

    response = await page.obey(begin, form)
    for token in tokens:
        cookie.set(response, str(token))
    return response


async def chunks_of(file: UploadFile) -> AsyncIterator[bytes]:
    """Read a file piece by piece."""
    while chunk := await file.read(64 * 1024):
        yield chunk
