"""Define the functions that users write in signatures, such as Query() and Depends(); each returns a marker."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import PydanticUndefined
from typing_extensions import Unpack

from typeway.declare import depends, markers
from typeway.declare.markers import shows_options_of
from typeway.declare.options import BodyOptions, FormOptions, HeaderOptions, MarkerOptions

# The functions are declared to return Any because a marker is written where a value of any type is expected:
# `limit: int = Query(10)` must satisfy a type checker.


@shows_options_of(markers.Path)
def Path(default: Any = ..., **options: Unpack[MarkerOptions]) -> Any:
    """Mark a parameter as a part of the path and constrain it, as in `item_id: Annotated[int, Path(ge=1)]`."""
    return markers.Path(default, **options)


@shows_options_of(markers.Query)
def Query(default: Any = PydanticUndefined, **options: Unpack[MarkerOptions]) -> Any:
    """Mark a parameter as a query parameter: a scalar, a list of scalars, or a model whose fields are parameters.

    Example: `limit: Annotated[int, Query(ge=1, le=100)] = 20`
    """
    return markers.Query(default, **options)


@shows_options_of(markers.Header)
def Header(default: Any = PydanticUndefined, **options: Unpack[HeaderOptions]) -> Any:
    """Mark a parameter as a request header: `user_agent: Annotated[str | None, Header()] = None` reads `User-Agent`."""
    return markers.Header(default, **options)


@shows_options_of(markers.Cookie)
def Cookie(default: Any = PydanticUndefined, **options: Unpack[MarkerOptions]) -> Any:
    """Mark a parameter as a cookie, as in `session: Annotated[str | None, Cookie()] = None`."""
    return markers.Cookie(default, **options)


@shows_options_of(markers.Body)
def Body(default: Any = PydanticUndefined, **options: Unpack[BodyOptions]) -> Any:
    """Mark a parameter as the JSON body, or as a member of it, as in `importance: Annotated[int, Body(embed=True)]`."""
    return markers.Body(default, **options)


@shows_options_of(markers.Form)
def Form(default: Any = PydanticUndefined, **options: Unpack[FormOptions]) -> Any:
    """Mark a parameter as a form field, as in `username: Annotated[str, Form()]`."""
    return markers.Form(default, **options)


@shows_options_of(markers.File)
def File(default: Any = PydanticUndefined, **options: Unpack[FormOptions]) -> Any:
    """Mark a parameter as an uploaded file, as in `picture: Annotated[bytes, File()]`; an `UploadFile` is spooled."""
    return markers.File(default, **options)


def Depends(
    dependency: Callable[..., Any] | None = None,
    *,
    use_cache: bool = True,
    scope: depends.Lifetime | None = None,
    max_concurrency: int | None = None,
    concurrent: bool = False,
) -> Any:
    """Inject the result of another callable; see `typeway.declare.depends.Depends` for the parameters.

    Example: `session: Annotated[Session, Depends(get_session)]`
    """
    return depends.Depends(
        dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency, concurrent=concurrent
    )


def Security(
    dependency: Callable[..., Any] | None = None,
    *,
    scopes: Sequence[str] | None = None,
    use_cache: bool = True,
    scope: depends.Lifetime | None = None,
    max_concurrency: int | None = None,
) -> Any:
    """Inject the result of a dependency and declare its OAuth2 scopes; see `typeway.declare.depends.Security`.

    Example: `user: Annotated[User, Security(current_user, scopes=["items"])]`
    """
    return depends.Security(
        dependency, use_cache=use_cache, scope=scope, max_concurrency=max_concurrency, scopes=scopes
    )
