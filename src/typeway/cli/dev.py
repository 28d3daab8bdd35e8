"""Serve an application during development: greet with its addresses, and start it again when a file changes."""

import logging
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

from uvicorn.supervisors.watchfilesreload import WatchFilesReload

from typeway.cli.discover import AppLocation
from typeway.cli.error import CommandError, print_failure
from typeway.cli.framework import require_typeway
from typeway.cli.load import Loaded, load
from typeway.cli.options import DevOptions
from typeway.cli.serve import check_address, common_settings
from typeway.cli.warn import ALL_INTERFACES, documentation_of, route_warnings
from typeway.develop.around import ErrorPages
from typeway.develop.logs import BOLD, CYAN, DIM, YELLOW, coloured, log_config
from typeway.protocol import server
from typeway.version import __version__

logger: Final = logging.getLogger("uvicorn.error")

# How long requests may go on in seconds when the server restarts: the author waits for the new code. A process that
# has not ended this much later, because a thread of it runs on, is killed.
GRACE: Final = 1
PATIENCE: Final = 1

# An address that nobody has (RFC 5737); to find out from which of its addresses this machine would reach it.
ELSEWHERE: Final = ("192.0.2.1", 9)


def serve_dev(loaded: Loaded, options: DevOptions) -> None:
    """Serve an application until the process receives a signal to stop, and start it again when a file changes.

    Raises:
        CommandError: the address cannot be used, the factory fails, or the application is not Typeway's.
        SystemExit: the server has stopped, with its exit status.
    """
    if options.uds is None and options.fd is None:
        check_address(options.host, options.port)
    # A factory is called where the application is served.
    application = loaded.value if options.reload else loaded.application()
    require_typeway(application, loaded.import_string)
    config = dev_config(loaded.import_string, options, reload=options.reload)
    listener = config.bind_socket()
    try:
        if not options.reload:
            sys.exit(serve_once(loaded, application, options, [listener]))
        module, _, attribute = loaded.import_string.partition(":")
        location = AppLocation(module, loaded.folder, attribute)
        target: Any = partial(serve_loaded, location, loaded.is_factory, options)
        Reloader(config, target, [listener]).run()
        sys.exit(0)
    finally:
        if options.uds is not None:
            options.uds.unlink(missing_ok=True)


class Reloader(WatchFilesReload):
    """Starts the server in a process of its own, and again when a file has changed, whatever the old one still does."""

    def restart(self) -> None:
        """End the process, and start the next one."""
        self.end()
        target: Any = self.target
        self.target: partial[Any] = partial(target, is_again=True)
        super().restart()

    def shutdown(self) -> None:
        """End the process, and close the sockets."""
        self.end()
        super().shutdown()

    def end(self) -> None:
        """End the process; kill it if a stream or a thread does not end."""
        self.process.terminate()
        self.process.join(GRACE + PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def serve_loaded(
    location: AppLocation,
    factory: bool,
    options: DevOptions,
    sockets: list[socket.socket],
    *,
    is_again: bool = False,
) -> None:
    """Import the application and serve it, in a process that ends with it.

    Parameters:
        is_again: whether it has been served before.

    Raises:
        SystemExit: the server has stopped, or the application cannot be imported, which is said in one line.
    """
    try:
        loaded = load(location, factory=factory, compat=options.compat)
        application = loaded.application()
        require_typeway(application, loaded.import_string)
        sys.exit(serve_once(loaded, application, options, sockets, is_again=is_again))
    except CommandError as error:
        print_failure(error, show_traceback=options.show_traceback)
        sys.exit(error.status)


def serve_once(
    loaded: Loaded, application: Any, options: DevOptions, sockets: list[socket.socket], *, is_again: bool = False
) -> int:
    """Greet, and serve an application in this process; return the exit status."""
    lines = [restart_line(loaded)] if is_again else greeting(loaded.import_string, application, options, sockets[0])
    for problem in route_warnings(application):
        lines.append(f"{coloured('Warning:', YELLOW)} {problem}")
    print("\n".join(lines), file=sys.stderr, flush=True)
    config = dev_config(ErrorPages(application, is_full=options.full_traceback), options, reload=False)
    return server.serve(config, sockets, is_only=not options.reload)


def dev_config(app: Any, options: DevOptions, *, reload: bool) -> server.Config:
    """Return the configuration of the server; with `reload` that of the process which watches the files."""
    watched = [str(folder) for folder in options.reload_dir or ()] or None
    return server.Config(
        app,
        **common_settings(options),
        log_config=log_config(options.log_level.value, is_full=options.full_traceback),
        timeout_graceful_shutdown=GRACE,
        reload=reload,
        reload_dirs=watched if reload else None,
        reload_excludes=ignored_folders(options.reload_dir or ()) if reload else None,
    )


def ignored_folders(watched: Any) -> list[str]:
    """Return the hidden folders and virtual environments in the watched folders.

    Without this list uvicorn watches them too, so that installing a package would restart the server.
    """
    folders = [folder.resolve() for folder in watched or (Path(),)]
    return [
        str(path)
        for folder in folders
        for path in folder.iterdir()
        if path.is_dir() and (path.name.startswith(".") or (path / "pyvenv.cfg").is_file())
    ]


# --- the greeting -------------------------------------------------------------------------------------------------


def greeting(name: str, application: Any, options: DevOptions, listener: socket.socket) -> list[str]:
    """Return the lines that say what is served, and where."""
    title = f"{coloured(f'Typeway {__version__}', BOLD)} serves {coloured(name, BOLD)} for development"
    lines = ["", f"  {title}", ""]
    for label, address in addresses(application, options, listener):
        lines.append(f"  {label:<14} {coloured(address, CYAN)}")
    watched = ", ".join(map(str, options.reload_dir or ())) or "this folder"
    restarts = f"It restarts when a file in {watched} changes; " if options.reload else ""
    return [*lines, "", f"  {coloured(f'{restarts}Ctrl+C stops it.', DIM)}", ""]


def addresses(application: Any, options: DevOptions, listener: socket.socket) -> list[tuple[str, str]]:
    """Return the addresses of the application, each with what it is; on the network only if it can be reached there."""
    bound = listener.getsockname()
    if not isinstance(bound, tuple):
        return [("Application", f"unix:{bound if isinstance(bound, str) else options.uds}")]
    host, port = str(bound[0]), int(bound[1])
    everywhere = host in ALL_INTERFACES
    url = url_of("127.0.0.1" if everywhere else host, port)
    found = [("Application", url)]
    docs = documentation_of(application)
    if docs:
        found.append(("Documentation", f"{url}{docs}"))
    network = network_address() if everywhere else None
    if network is not None:
        found.append(("Network", url_of(network, port)))
    return found


def url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def network_address() -> str | None:
    """Return the address under which other machines reach this one; None without a network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(ELSEWHERE)
        except OSError:
            return None
        return str(trial.getsockname()[0])


def restart_line(loaded: Loaded) -> str:
    return coloured(f"Restarted {loaded.import_string}", DIM)
