"""Know the user of a browser by a cookie."""

from typing import Annotated

from examples.task_manager.config import Settings
from examples.task_manager.dependencies import COOKIE, DbSession, Logins, SharedResources, session_cookie, user_of
from examples.task_manager.exceptions import InvalidTokenError, NotAuthenticatedError
from examples.task_manager.models import User
from examples.task_manager.services.attachments import AttachmentService
from examples.task_manager.services.tasks import TaskService
from typeway import Depends
from typeway.requests import HTTPConnection
from typeway.security import SecureCookie


class LoginRequiredError(Exception):
    """A form was sent by nobody: the login has ended meanwhile."""


async def get_cookie(connection: HTTPConnection) -> SecureCookie:
    """Return how the cookie is set: scripts cannot read it, and requests of other sites do not carry it."""
    settings: Settings = connection.app.state.settings
    return SecureCookie(name=COOKIE, max_age=settings.login_days * 24 * 60 * 60)


SessionCookie = Annotated[SecureCookie, Depends(get_cookie)]
CookieText = Annotated[str | None, Depends(session_cookie)]


async def get_visitor(cookie: CookieText, logins: Logins) -> User | None:
    """Return the user who is logged in, or None."""
    try:
        return await user_of(logins, None, cookie)
    except (NotAuthenticatedError, InvalidTokenError):
        return None


Visitor = Annotated[User | None, Depends(get_visitor)]


async def get_member_id(visitor: Visitor) -> int:
    """Return the id of the user who is logged in; others are led to the login."""
    if visitor is None:
        raise LoginRequiredError
    return visitor.id


MemberId = Annotated[int, Depends(get_member_id)]


async def get_member_tasks(session: DbSession, member_id: MemberId, resources: SharedResources) -> TaskService:
    """Return the service of the tasks of the user who is logged in."""
    return TaskService(session, member_id, resources.feed.publish)


MemberTasks = Annotated[TaskService, Depends(get_member_tasks)]


async def get_member_attachments(
    session: DbSession, member_id: MemberId, resources: SharedResources
) -> AttachmentService:
    """Return the service of the attachments of the user who is logged in."""
    return AttachmentService(session, member_id, resources.files, resources.feed.publish)


MemberAttachments = Annotated[AttachmentService, Depends(get_member_attachments)]
