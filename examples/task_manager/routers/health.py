"""The health check for load balancers and people."""

from examples.task_manager.dependencies import DbSession
from examples.task_manager.routers.answers import UNAVAILABLE
from examples.task_manager.schemas.health import HealthResponse
from examples.task_manager.services.health import check_database
from typeway import APIRouter

router = APIRouter(tags=["health"])


@router.get("/health", response_model=HealthResponse, responses=UNAVAILABLE)
async def health(session: DbSession) -> HealthResponse:
    """Check that the application and its database respond."""
    await check_database(session)
    return HealthResponse()
