"""The probes of advisories notice: each is run once more with its protection removed, and has to fail.

A protection is removed at run time, in this framework or in the package that has it. Where a protection is not one place that can be
taken away, because nothing does what the advisory describes, the mistake is made instead.
"""

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json
from starlette.datastructures import URL, UploadFile
from starlette.formparsers import FormParser, MultiPartParser
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from tests.security import test_advisories as probes
from typeway.decoders import JSONRules
from typeway.plan.body import Body
from typeway.plan.exchange import Exchange
from typeway.plan.sources import Reader
from typeway.protocol import HTTPProtocol
from typeway.protocol.reading import Reading
from typeway.protocol.settings import HTTPSettings
from typeway.requests import CheckedRequest

Patch = pytest.MonkeyPatch
LARGE = 1 << 40


def replace_init(patch: Patch, kind: type[Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Let a class be made with other keyword arguments."""
    original = kind.__init__

    def init(self: Any, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **change(options))

    patch.setattr(kind, "__init__", init)


# --- bodies


def take_every_media_type(patch: Patch) -> None:
    patch.setattr(Body, "is_json", lambda self, content_type: True)


def have_no_limits_of_forms(patch: Patch) -> None:
    replace_init(patch, MultiPartParser, lambda _: {"max_files": LARGE, "max_fields": LARGE, "max_part_size": LARGE})
    replace_init(patch, FormParser, lambda _: {"max_fields": LARGE, "max_part_size": LARGE})


def have_no_limits_of_part_headers(patch: Patch) -> None:
    replace_init(
        patch, probes_parser(), lambda options: {**options, "max_header_count": LARGE, "max_header_size": LARGE}
    )


def probes_parser() -> type[Any]:
    from python_multipart import MultipartParser

    return MultipartParser


def write_in_the_loop(patch: Patch) -> None:
    patch.setattr(UploadFile, "_will_roll", lambda self, size: False, raising=False)
    patch.setattr(UploadFile, "_in_memory", True)


def read_the_extended_parameter(patch: Patch) -> None:
    from starlette import formparsers

    original: Any = formparsers.parse_options_header

    def parse(value: Any) -> Any:
        kind, options = original(value)
        for name, extended in re.findall(rb"(\w+)\*=utf-8''([^;]+)", value if isinstance(value, bytes) else b""):
            options[name] = extended
        return kind, options

    patch.setattr(formparsers, "parse_options_header", parse)


def separate_by_semicolons(patch: Patch) -> None:
    def query(self: Exchange) -> dict[str, str]:
        text = self.scope["query_string"].decode("latin-1")
        return dict(part.partition("=")[::2] for part in re.split("[&;]", text))

    patch.setattr(Exchange, "query", property(query))


def trust_the_fast_parser(patch: Patch) -> None:
    patch.setattr(JSONRules, "read", lambda self, raw: from_json(raw))


# --- paths, files, URLs


def join_paths(patch: Patch) -> None:
    def look_up(self: Any, path: str) -> Any:
        full = Path(self.directory) / path
        return (str(full), full.stat()) if "\0" not in path and full.exists() else ("", None)

    patch.setattr(StaticFiles, "lookup_path", look_up)


def serve_any_number_of_ranges(patch: Patch) -> None:
    patch.setattr(FileResponse, "max_ranges", LARGE)


def take_any_host(patch: Patch) -> None:
    patch.setattr("typeway.protocol.head.host_pattern", re.compile(rb".*"))


def take_any_target(patch: Patch) -> None:
    patch.setattr("typeway.protocol.reading.split_target", lambda target, method, headers: (b"/" + target, b""))


def redirect_to_what_was_sent(patch: Patch) -> None:
    patch.setattr("typeway.serve.asgi.relative_url", lambda scope: scope["path"])


# --- headers, logs, cookies


def verify_no_headers(patch: Patch) -> None:
    for module in ("typeway.serve.asgi", "typeway.plan.exchange", "typeway.serve.onion"):
        patch.setattr(f"{module}.verify_headers", lambda headers: None)
    for name in ("refuse_values", "refuse_names"):
        patch.setattr(f"typeway.protocol.wire.{name}", lambda headers: None)


def log_paths_as_they_are(patch: Patch) -> None:
    patch.setattr("typeway.protocol.connection.quote", lambda path: path)


def take_underscores_for_hyphens(patch: Patch) -> None:
    original = Reader.read

    def read(self: Reader, exchange: Exchange) -> dict[str, Any]:
        headers = [(name.replace(b"_", b"-"), value) for name, value in exchange.scope["headers"]]
        exchange.scope["headers"] = headers
        return original(self, exchange)

    patch.setattr(Reader, "read", read)


def log_what_is_no_cookie(patch: Patch) -> None:
    def parse(scope: Any) -> dict[str, str]:
        for _, value in scope["headers"]:
            for part in value.split(b";"):
                logging.getLogger("cookies").warning("%r is no cookie", part)
        return {}

    patch.setattr("typeway.plan.exchange.cookies_of", parse)
    patch.setattr("typeway.requests.cookies_of", parse)


def believe_forwarded_hosts(patch: Patch) -> None:
    def url(self: CheckedRequest) -> URL:
        host = self.headers.get("x-forwarded-host") or self.headers["host"]
        return URL(f"http://{host}{self.scope['path']}")

    patch.setattr(CheckedRequest, "url", property(url))


def have_no_limits_of_heads(patch: Patch) -> None:
    sizes = dict.fromkeys(("request_line_size", "header_size", "headers_size", "header_count"), LARGE)
    patch.setattr(HTTPProtocol, "settings", HTTPSettings(**sizes))


# --- the protocol


def parse_leniently(patch: Patch) -> None:
    original = Reading.__init__

    def init(self: Reading, site: Any) -> None:
        original(self, site)
        names = "chunked_length transfer_encoding optional_cr_before_lf optional_crlf_after_chunk headers"
        self.parser.set_dangerous_leniencies(**{f"lenient_{name}": True for name in names.split()})

    patch.setattr(Reading, "__init__", init)


def take_every_handshake(patch: Patch) -> None:
    patch.setattr("typeway.protocol.handover.refuse_handshake", lambda cycle, found: None)


def take_every_pipeline(patch: Patch) -> None:
    patch.setattr(HTTPProtocol, "settings", HTTPSettings(pipeline=LARGE))


REMOVED: dict[probes.Probe, Callable[[Patch], None]] = {
    probes.json_from_a_form: take_every_media_type,
    probes.many_parts: have_no_limits_of_forms,
    probes.a_large_part_without_file_name: have_no_limits_of_forms,
    probes.limits_of_urlencoded_forms: have_no_limits_of_forms,
    probes.headers_of_a_part: have_no_limits_of_part_headers,
    probes.large_uploads_are_written_in_threads: write_in_the_loop,
    probes.one_name_of_a_part: read_the_extended_parameter,
    probes.semicolons_separate_nothing: separate_by_semicolons,
    probes.nested_and_large_json: trust_the_fast_parser,
    probes.traversal: join_paths,
    probes.many_ranges: serve_any_number_of_ranges,
    probes.the_host_moves_no_path: take_any_host,
    probes.the_path_moves_no_host: take_any_target,
    probes.redirects_stay_here: redirect_to_what_was_sent,
    probes.headers_split_nothing: verify_no_headers,
    probes.logs_hold_one_line: log_paths_as_they_are,
    probes.underscores_are_no_hyphens: take_underscores_for_hyphens,
    probes.wrong_cookies_write_no_log: log_what_is_no_cookie,
    probes.forwarded_hosts_are_not_believed: believe_forwarded_hosts,
    probes.large_heads: have_no_limits_of_heads,
    probes.chunks_end_where_they_say: parse_leniently,
    probes.one_length_of_a_body: parse_leniently,
    probes.handshakes_have_no_body: take_every_handshake,
    probes.pipelines_are_bounded: take_every_pipeline,
}


@contextmanager
def patched(remove: Callable[[Patch], None]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        remove(patch)
        yield


@pytest.mark.parametrize("probe", REMOVED, ids=lambda probe: probe.__name__)
def test_a_probe_fails_without_its_protection(probe: probes.Probe, tmp_path: Path) -> None:
    """Without the protection the application behaves as the advisory says, and the probe says so."""
    with patched(REMOVED[probe]), pytest.raises(AssertionError):
        probe(probes.build(tmp_path))


def test_most_advisories_are_among_them() -> None:
    """Rows of the table whose probe is known to fail; the others are about time, or about what nothing does."""
    known = [name for name, probe in probes.PROBED.items() if probe in REMOVED]
    assert len(known) >= 25
