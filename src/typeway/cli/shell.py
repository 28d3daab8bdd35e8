"""Run a Python prompt inside of a started application: with `await`, and with its dependencies."""

import ast
import asyncio
import inspect
import threading
from code import InteractiveConsole
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, nullcontext
from types import CodeType, FunctionType
from typing import Any, Final

from typeway.cli.load import Loaded, in_user_code
from typeway.version import __version__

HINT: Final = (
    "Typeway {version}: {name} is started. `app` is the application; `await resolve(dependency)` runs one, and\n"
    "`async with resolve(dependency) as value:` keeps it open. `await` works at the prompt. Ctrl+D ends it."
)


def shell(loaded: Loaded, command: str | None) -> int:
    """Start the application, run a prompt or one piece of code, and end the application; return the exit status.

    Parameters:
        loaded: the application, or its factory.
        command: code to run instead of a prompt.

    Raises:
        CommandError: the factory, or the start or the end of the application fails.
    """
    application = loaded.application()
    names: dict[str, Any] = {"__name__": "__console__", "__doc__": None, "app": application}
    if callable(getattr(application, "resolve", None)):
        names["resolve"] = application.resolve
    started = in_user_code(lambda: Started(application), loaded.folder)
    try:
        console = AsyncConsole(names, started)
        if command is not None:
            console.run_source(command)
        else:
            complete_names(names)
            console.interact(HINT.format(version=__version__, name=loaded.import_string), exitmsg="")
        return console.status
    finally:
        in_user_code(started.end, loaded.folder)


class Started:
    """An application whose lifespan has started, in an event loop of its own that runs in a thread.

    The prompt keeps the main thread, where Ctrl+C arrives.

    Raises:
        Exception: what the lifespan raised at its start.
    """

    def __init__(self, application: Any) -> None:
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self.ended: asyncio.Event = asyncio.Event()
        self.ready: Future[None] = Future()
        self.failure: BaseException | None = None
        self.thread: threading.Thread = threading.Thread(
            target=self.serve, args=(application,), name="typeway-shell", daemon=True
        )
        self.thread.start()
        self.ready.result()

    def serve(self, application: Any) -> None:
        """Run the event loop until the prompt ends."""
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.live(application))
        except BaseException as error:  # noqa: BLE001  it is raised where the shell was started, or where it ends
            if not self.ready.done():
                self.ready.set_exception(error)
            self.failure = error
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    async def live(self, application: Any) -> None:
        async with lifespan_of(application):
            self.ready.set_result(None)
            await self.ended.wait()

    def call(self, function: Callable[[], Any]) -> Any:
        """Call a function in the event loop, and await what it returns if that is a coroutine.

        Raises:
            BaseException: what it raises; KeyboardInterrupt after Ctrl+C, which cancels it.
        """

        async def step() -> Any:
            try:
                result = function()
                return await result if inspect.isawaitable(result) else result
            except SystemExit as error:
                return error  # raised here it would end the event loop

        future = asyncio.run_coroutine_threadsafe(step(), self.loop)
        try:
            result = future.result()
        except KeyboardInterrupt:
            future.cancel()
            raise
        if isinstance(result, SystemExit):
            raise result
        return result

    def end(self) -> None:
        """End the lifespan, and wait for that.

        Raises:
            BaseException: what the lifespan raised at its end.
        """
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()
        if self.failure is not None:
            raise self.failure


def lifespan_of(application: Any) -> AbstractAsyncContextManager[Any]:
    """Return the lifespan of an application; one without a router has none that is known."""
    router = getattr(application, "router", None)
    context = getattr(router, "lifespan_context", None)
    return nullcontext() if context is None else context(application)


class AsyncConsole(InteractiveConsole):
    """A prompt whose code runs in an event loop, and may use `await` and `async with` at the top level.

    Attributes:
        status: 1 if the last code that ran has failed.
    """

    def __init__(self, names: dict[str, Any], started: Started) -> None:
        super().__init__(names)
        self.started = started
        self.status: int = 0
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        """Run code, and print the traceback of what it raises."""
        self.status = 0
        try:
            self.started.call(FunctionType(code, self.locals))
        except SystemExit:
            raise
        except KeyboardInterrupt:
            self.write("\nKeyboardInterrupt\n")
            self.status = 1
        except BaseException:  # noqa: BLE001  whatever the code raises is shown
            self.showtraceback()
            self.status = 1

    def run_source(self, source: str) -> None:
        """Run a whole program."""
        try:
            code = compile(source, "<command>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError:
            self.showsyntaxerror("<command>")
            self.status = 1
            return
        self.runcode(code)


def complete_names(names: dict[str, Any]) -> None:
    """Let the tab key complete names, where the terminal has a line editor."""
    try:
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(names).complete)
    readline.parse_and_bind("tab: complete")
