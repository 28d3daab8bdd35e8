"""The endpoint for the current user."""

from examples.task_manager.dependencies import CurrentUser
from examples.task_manager.models import User
from examples.task_manager.routers.answers import UNAUTHORIZED
from examples.task_manager.schemas.user import UserResponse
from typeway import APIRouter

router = APIRouter(prefix="/users", tags=["users"], responses=UNAUTHORIZED)


@router.get("/me", response_model=UserResponse)
async def read_me(user: CurrentUser) -> User:
    """Return the user to whom the access token belongs."""
    return user
