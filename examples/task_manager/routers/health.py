"""Tell load balancers and people whether the application works."""

from examples.task_manager.dependencies import DbSession
from examples.task_manager.routers.answers import UNAVAILABLE
from examples.task_manager.schemas.health import HealthResponse
from examples.task_manager.services.health import check_database
from typeway import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health", response_model=HealthResponse, responses=UNAVAILABLE)
async def health(session: DbSession) -> HealthResponse:
    """Say that the application and its database answer."""
    await check_database(session)
    return HealthResponse()
