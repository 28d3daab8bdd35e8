"""Good: the route class of the router answers what its endpoints raise."""

from collections.abc import Callable, Coroutine
from typing import Any

from typeway import HTTPException, Request, Response, Router, Typeway
from typeway.routing import APIRoute


class RecipeNotFoundError(Exception):
    """There is no such recipe."""


class Answering(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_or_refuse(request: Request) -> Response:
            try:
                return await answer(request)
            except RecipeNotFoundError as error:
                raise HTTPException(404, f"There is no recipe for {error}.") from error

        return answer_or_refuse


recipes = Router(prefix="/recipes", route_class=Answering)


@recipes.get("/{name}")
async def read_recipe(name: str) -> dict[str, str]:
    if name != "pancakes":
        raise RecipeNotFoundError(name)
    return {"recipe": name}


app = Typeway()
app.include_router(recipes)
