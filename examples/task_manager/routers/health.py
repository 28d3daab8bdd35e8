"""The health checks for load balancers and people."""

from examples.task_manager.dependencies import DbSession
from examples.task_manager.routers.answers import UNAVAILABLE
from examples.task_manager.schemas.health import AliveResponse, HealthResponse
from examples.task_manager.services.health import check_database
from typeway import APIRouter

alive = APIRouter(prefix="/health", tags=["health"])
ready = APIRouter(prefix="/health", tags=["health"], responses=UNAVAILABLE)


@alive.get("/live", response_model=AliveResponse)
async def is_alive() -> AliveResponse:
    """Respond as long as the event loop runs. It asks nobody else: a restart repairs no database."""
    return AliveResponse()


@ready.get("/ready", response_model=HealthResponse)
async def is_ready(session: DbSession) -> HealthResponse:
    """Check that the application and its database respond."""
    await check_database(session)
    return HealthResponse()
