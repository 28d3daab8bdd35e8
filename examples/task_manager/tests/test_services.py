"""Use the services as a script or a worker would: without HTTP."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from examples.task_manager.config import Settings
from examples.task_manager.exceptions import (
    DuplicateTaskError,
    InvalidCredentialsError,
    InvalidTokenError,
    TaskNotFoundError,
    UsernameTakenError,
)
from examples.task_manager.models import Task, TaskStatus, User
from examples.task_manager.resources import Resources
from examples.task_manager.schemas.task import TaskCreate, TaskQuery, TaskUpdate
from examples.task_manager.schemas.user import UserCreate
from examples.task_manager.services.accounts import AccountService
from examples.task_manager.services.logins import LoginService
from examples.task_manager.services.passwords import Passwords
from examples.task_manager.services.tasks import TaskService
from examples.task_manager.tests.databases import each_database

pytestmark = [pytest.mark.anyio, each_database]

ALICE = UserCreate(username="alice", password="correct horse")


@pytest.fixture
def accounts(session: AsyncSession, resources: Resources) -> AccountService:
    """The service of accounts."""
    return AccountService(session, resources.passwords)


@pytest.fixture
def logins(session: AsyncSession, resources: Resources) -> LoginService:
    """The service of logins."""
    return LoginService(session, resources.tokens, resources.login_lifetime)


@pytest.fixture
async def tasks(session: AsyncSession, accounts: AccountService, resources: Resources) -> TaskService:
    """The service of alice's tasks."""
    return TaskService(session, (await accounts.register(ALICE)).id, resources.feed.publish)


async def test_password_is_stored_as_argon2_only(accounts: AccountService) -> None:
    """Two users with the same password share nothing."""
    alice = await accounts.register(ALICE)
    bob = await accounts.register(UserCreate(username="bob", password=ALICE.password))
    assert alice.password_hash.startswith("$argon2id$")
    assert ALICE.password not in alice.password_hash
    assert alice.password_hash != bob.password_hash


async def test_username_can_be_taken_once(accounts: AccountService) -> None:
    """The session still works after the error."""
    await accounts.register(ALICE)
    with pytest.raises(UsernameTakenError):
        await accounts.register(ALICE)
    assert (await accounts.register(UserCreate(username="bob", password="correct horse"))).username == "bob"


async def test_token_leads_back_to_its_user(accounts: AccountService, logins: LoginService) -> None:
    """Log in, then authenticate with the tokens."""
    alice = await accounts.register(ALICE)
    user = await accounts.authenticate("alice", ALICE.password)
    token = await logins.begin(user.id)
    assert (await logins.user_of_access_token(logins.tokens_for(user.id, token).access_token)).id == alice.id
    assert (await logins.user_of_cookie(str(token))).id == alice.id


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong"), ("bob", "correct horse"), ("\x00", "")])
async def test_wrong_credentials(accounts: AccountService, username: str, password: str) -> None:
    """A wrong name and a wrong password are the same error."""
    await accounts.register(ALICE)
    with pytest.raises(InvalidCredentialsError):
        await accounts.authenticate(username, password)


async def test_token_of_a_deleted_user_is_worthless(
    accounts: AccountService, logins: LoginService, session: AsyncSession
) -> None:
    """The token of a deleted user is not valid, and the user's id is not used again."""
    alice = await accounts.register(ALICE)
    token = logins.tokens_for(alice.id, await logins.begin(alice.id))
    await session.execute(delete(User))
    await session.commit()
    session.expunge_all()
    newcomer = await accounts.register(UserCreate(username="carol", password="correct horse"))
    with pytest.raises(InvalidTokenError):
        await logins.user_of_access_token(token.access_token)
    assert newcomer.id > alice.id


async def test_hash_grows_with_its_costs(
    session: AsyncSession, resources: Resources, accounts: AccountService, settings: Settings
) -> None:
    """When the costs are raised, the next login renews the hash, and the password stays."""
    before = (await accounts.register(ALICE)).password_hash
    dearer = Passwords(settings.argon2_time_cost + 1, settings.argon2_memory_kib)
    renewed = AccountService(session, dearer)
    await renewed.authenticate("alice", ALICE.password)
    session.expunge_all()
    after = (await renewed.authenticate("alice", ALICE.password)).password_hash
    assert ("t=1" in before, "t=2" in after) == (True, True)


async def test_task_keeps_what_was_given(tasks: TaskService, session: AsyncSession) -> None:
    """The data from the database equal the stored data, including times in UTC."""
    created = await tasks.create(TaskCreate(title="Buy milk", priority=4, status=TaskStatus.IN_PROGRESS))
    moment = created.created_at
    session.expunge_all()
    read = await tasks.get(created.id)
    assert read is not created
    assert (read.title, read.priority, read.status, read.created_at) == ("Buy milk", 4, "in_progress", moment)
    assert read.created_at.tzname() == "UTC"


async def test_duplicate_title(tasks: TaskService) -> None:
    """The error names the title, and the session still works."""
    await tasks.create(TaskCreate(title="Buy milk"))
    other = await tasks.create(TaskCreate(title="Buy bread"))
    number = other.id
    with pytest.raises(DuplicateTaskError) as created:
        await tasks.create(TaskCreate(title="Buy milk"))
    with pytest.raises(DuplicateTaskError) as renamed:
        await tasks.update(number, TaskUpdate(title="Buy milk"))
    assert created.value.title == renamed.value.title == "Buy milk"
    assert (await tasks.get(number)).title == "Buy bread"
    assert (await tasks.find(TaskQuery())).total == 2


async def test_task_of_another_owner(
    tasks: TaskService, session: AsyncSession, accounts: AccountService, resources: Resources
) -> None:
    """A service cannot access the tasks of another owner."""
    task = await tasks.create(TaskCreate(title="Buy milk"))
    bob = await accounts.register(UserCreate(username="bob", password="12345678"))
    stranger = TaskService(session, bob.id, resources.feed.publish)
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: stranger.get(task.id),
        lambda: stranger.update(task.id, TaskUpdate(title="Stolen")),
        lambda: stranger.delete(task.id),
    ]
    for attempt in attempts:
        with pytest.raises(TaskNotFoundError):
            await attempt()
    assert (await stranger.find(TaskQuery())).total == 0
    assert (await tasks.get(task.id)).title == "Buy milk"


async def test_task_deleted_before_it_is_changed(tasks: TaskService, resources: Resources) -> None:
    """Another session may delete the task after this one has read it; the change then finds none."""
    number = (await tasks.create(TaskCreate(title="Buy milk"))).id
    await tasks.get(number)
    async with resources.sessions() as other:
        await other.execute(delete(Task).where(Task.id == number))
        await other.commit()
    with pytest.raises(TaskNotFoundError):
        await tasks.update(number, TaskUpdate(priority=5))


async def test_changes_of_others_are_kept(tasks: TaskService, resources: Resources, session: AsyncSession) -> None:
    """Two requests that update different fields of one task at the same time both succeed."""
    task = await tasks.create(TaskCreate(title="Buy milk"))
    number = task.id
    async with resources.sessions() as other:
        await other.execute(update(Task).where(Task.id == number).values(priority=5))
        await other.commit()
    await tasks.update(number, TaskUpdate(description="two litres"))
    session.expunge_all()
    read = await tasks.get(number)
    assert (read.priority, read.description) == (5, "two litres")


async def test_deleting_a_user_deletes_their_tasks(tasks: TaskService, session: AsyncSession) -> None:
    """The tasks of a deleted user are deleted."""
    await tasks.create(TaskCreate(title="Buy milk"))
    await session.execute(delete(User))
    await session.commit()
    assert (await tasks.find(TaskQuery())).total == 0
