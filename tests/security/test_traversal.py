"""No spelling of a path leads out of the directory of static files or of a frontend: one table, sent as raw bytes.

Each spelling stands in the table with a careless reader that it deceives. A test lets those readers open the files, so that a
spelling that could not be dangerous anywhere is found in the table as well.
"""

import asyncio
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

import pytest

from tests.protocol.connect import Answer, Server, answers, run, until
from typeway import Typeway
from typeway.staticfiles import StaticFiles

SECRET: Final = "what nobody may read"
PAGE: Final = "the page"
CONTENT: Final = "a file"

# A path below the directory, as a careless program would understand what stands in the request.
Reader = Callable[[str], str]


def decoded_twice(raw: str) -> str:
    return unquote(unquote(raw))


def decoded_thrice(raw: str) -> str:
    return unquote(decoded_twice(raw))


def with_backslashes(raw: str) -> str:
    """Windows separates by both slashes."""
    return decoded_twice(raw).replace("\\", "/")


def with_u_escapes(raw: str) -> str:
    """Early versions of IIS read %uXXXX, and found the nearest character of a code page."""
    text = re.sub("%u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), raw)
    return text.translate({0x2215: "/", 0x2216: "/"})


def overlong(raw: str) -> str:
    """A decoder of UTF-8 that accepts more bytes than a character needs (RFC 3629 section 10)."""
    whole = unquote_to_bytes(raw.encode("latin-1"))
    whole = re.sub(rb"\xf0\x80\x80([\x80-\xbf])", lambda found: bytes([found[1][0] & 0x3F]), whole)
    whole = re.sub(rb"\xe0\x80([\x80-\xbf])", lambda found: bytes([found[1][0] & 0x3F]), whole)
    whole = re.sub(rb"([\xc0\xc1])([\x80-\xbf])", lambda f: bytes([(f[1][0] & 1) << 6 | f[2][0] & 0x3F]), whole)
    return whole.decode("latin-1").replace("\\", "/")


def compatible(raw: str) -> str:
    """Somebody normalizes the text after it has been checked."""
    return unicodedata.normalize("NFKC", unquote(raw)).replace("\\", "/")


def without_null(raw: str) -> str:
    return unquote(raw).replace("\0", "")


def until_null(raw: str) -> str:
    """A function of C sees the end of the text."""
    return unquote(raw).partition("\0")[0]


def cleaned_once(raw: str) -> str:
    """A filter that removes `../` and does not look again."""
    return unquote(raw).replace("../", "")


def cleaned_for_windows(raw: str) -> str:
    """A filter that removes `..\\` and does not look again."""
    return unquote(raw).replace("..\\", "")


def stripped(raw: str) -> str:
    """A path that would be absolute is made relative."""
    return unquote(raw).lstrip("/")


def normalized(raw: str) -> str:
    """The text is resolved before the file system sees it."""
    return os.path.normpath(unquote(raw))


def without_parameters(raw: str) -> str:
    """Servlet containers remove what follows a semicolon (RFC 3986 section 3.3)."""
    return re.sub(";[^/]*", "", unquote(raw))


def trimmed(raw: str) -> str:
    """Windows ignores spaces and, but for the names of directories, dots at the end of a name."""
    parts = [part.strip(" \t\r\n\v\f\x85\xa0") for part in unquote(raw).split("/")]
    return "/".join(".." if re.fullmatch(r"\.\. [. ]*", part) else part for part in parts)


# The spellings of "the directory above, and a separator", by who falls for them.
PARENTS: Final[Mapping[Reader, tuple[str, ...]]] = {
    unquote: (
        "../", "./../", ".//../", "..//", ".././/", "sub/../../", "sub/%2e%2e/../", "%2e%2e/", "%2E%2E/", ".%2e/", "%2e./",
        "..%2f", "..%2F", "%2e%2e%2f", "%2E%2E%2F", "%2e/%2e%2e/",
    ),
    decoded_twice: ("%252e%252e/", "..%252f", "%252e%252e%252f", "%25%32%65%25%32%65%25%32%66", ".%252e/", "%%32%65%%32%65/"),
    decoded_thrice: ("%25252e%25252e%25252f", "..%25252f"),
    with_backslashes: (
        "..\\", "..%5c", "..%5C", "%2e%2e\\", "%2e%2e%5c", "..%255c", "%252e%252e%255c", ".\\..\\", "..\\/", "sub\\..\\..\\",
    ),
    with_u_escapes: ("%u002e%u002e/", "..%u002f", "..%u2215", "..%u2216", "%u002e%u002e%u2215"),
    overlong: (
        "%c0%ae%c0%ae/", "..%c0%af", "%c0%ae%c0%ae%c0%af", "%e0%80%ae%e0%80%ae/", "..%e0%80%af", "%f0%80%80%ae%f0%80%80%ae/",
        "..%c1%9c", "\xc0\xae\xc0\xae/", "..\xc0\xaf",
    ),
    compatible: (
        "%ef%bc%8e%ef%bc%8e/", "..%ef%bc%8f", "%ef%bc%8e%ef%bc%8e%ef%bc%8f", "..%ef%bc%bc", "%e2%80%a5/", "%e2%80%a4%e2%80%a4/",
    ),
    without_null: ("..%00/", ".%00./", "%00../", "..%00%2f"),
    stripped: ("%2f../", "%2f%2f..%2f", "/../", "//../"),
    cleaned_once: ("....//", "..././", "....%2f%2f", "%2e%2e%2e%2e//"),
    cleaned_for_windows: ("....\\/", "....%5c/", "..%5c../"),
    without_parameters: ("..;/", "..;a=b/", "..;jsessionid=1/", "..%3b/", ".;/..;/", "%2e%2e;/"),
    trimmed: (
        "..%20/", "%20../", "..%09/", "..%0a/", "..%0d/", "..%0d%0a/", "..%20./", "..%20.%20/", "..%c2%a0/", "..%c2%85/",
    ),
}  # fmt: skip


# Whole paths below the directory. {root} is the directory above it, as an absolute path.
WHOLE: Final[Mapping[Reader, tuple[str, ...]]] = {
    unquote: (
        "{root}/secret.txt", "%2f{root}/secret.txt", "/{root}/secret.txt", "link.txt", "absolute.txt", "linked/secret.txt",
        "linked/files-secret/secret.txt", "sub/up/secret.txt", "./link.txt", "sub/../link.txt",
        "../files/../secret.txt", "../files-secret/./secret.txt",
    ),
    normalized: ("file.txt/../../secret.txt", "a/../" * 200 + "../secret.txt", "nothing/../%2e%2e/secret.txt"),
    until_null: ("../secret.txt%00.png", "../secret.txt%00", "..%2fsecret.txt%00.html", "%2e%2e/secret.txt%00/file.txt"),
    without_parameters: ("..;/secret.txt;.png", "../secret.txt;a=b"),
    trimmed: ("../secret.txt%20", "..%20/secret.txt%0a"),
}  # fmt: skip

# What could only lead out on Windows, or in a client of another protocol.
ELSEWHERE: Final = (
    "\\\\host\\share\\secret.txt", "%5c%5chost%5cshare", "//host/share/secret.txt", "%2f%2fhost%2fshare", "/\\host/share",
    "\\\\?\\C:\\secret.txt", "\\\\.\\C:\\", "//?/C:/secret.txt", "//./pipe/x", "C:/secret.txt", "C:\\secret.txt", "C:secret.txt",
    "c%3a/secret.txt", "/C:/secret.txt", "file:///etc/passwd", "file:%2f%2f%2fetc%2fpasswd", ".../secret.txt", "..../secret.txt",
    ".../.../secret.txt", "CON", "NUL", "NUL.txt", "aux.txt", "COM1:", "sub/NUL", "secret.txt::$DATA", "file.txt::$DATA", "SECRET~1.TXT",
    "~/secret.txt", "~root/secret.txt", "%7e/secret.txt", "$HOME/secret.txt", "%24%7bHOME%7d", "*", "%2a", "sub/%3f", "x" * 300,
    "%", "%2", "%zz", "%2e%2", "..", "../", ".", "%2e%2e", "..%5c", "%00", "%ff%fe", "%ed%a0%80",
)  # fmt: skip

BASES: Final = ("/static", "/pages", "/site", "")


def suffixes(parent: str) -> tuple[str, str, str]:
    return (f"{parent}secret.txt", f"sub/{parent}{parent}secret.txt", f"{parent}files-secret/secret.txt")


def targets(place: Path) -> dict[str, Reader]:
    """Every dangerous path below a directory, and who falls for it."""
    found = {suffix: reader for reader, parents in PARENTS.items() for each in parents for suffix in suffixes(each)}
    whole = {path.format(root=place): reader for reader, paths in WHOLE.items() for path in paths}
    return found | whole


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of files, and what is beside it."""
    place = tmp_path_factory.mktemp("traversal")
    for folder in ("files/sub/sub", "files-secret"):
        (place / folder).mkdir(parents=True)
    (place / "secret.txt").write_text(SECRET)
    (place / "files-secret" / "secret.txt").write_text(SECRET)
    (place / "files" / "file.txt").write_text(CONTENT)
    (place / "files" / "index.html").write_text(PAGE)
    (place / "files" / "link.txt").symlink_to("../secret.txt")
    (place / "files" / "absolute.txt").symlink_to(place / "secret.txt")
    (place / "files" / "linked").symlink_to("..")
    (place / "files" / "sub" / "up").symlink_to("../..")
    (place / "files" / "inside.txt").symlink_to("sub/../file.txt")
    return place


@pytest.fixture(scope="module")
def app(place: Path) -> Typeway:
    app = Typeway(openapi_url=None)
    app.mount("/static", StaticFiles(directory=place / "files"))
    app.mount("/pages", StaticFiles(directory=place / "files", html=True))
    app.frontend("/site", directory=place / "files", fallback="index.html")
    app.frontend("/", directory=place / "files", fallback=None)
    return app


async def fetch(server: Server, target: str) -> Answer:
    """Send a target exactly as it is written."""
    transport = server.connect()
    line = b"GET %s HTTP/1.1\r\n" % target.encode("latin-1")
    transport.receive(line + b"Host: testserver\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
    await until(lambda: transport.is_over)
    transport.close()
    return answers(bytes(transport.sent))[0]


def answered(app: Typeway, paths: Iterable[str]) -> dict[str, Answer]:
    """The answers to some targets, by the target."""

    async def ask() -> dict[str, Answer]:
        server, wanted, found = Server(app), list(paths), {}
        # Not all at once: each waits for all the answers of its group, only as long as a test waits.
        for start in range(0, len(wanted), 100):
            group = wanted[start : start + 100]
            found.update(zip(group, await asyncio.gather(*(fetch(server, target) for target in group)), strict=True))
        return found

    return run(ask())


def leaks(found: Mapping[str, Answer]) -> list[str]:
    return [target for target, answer in found.items() if SECRET in answer.body.decode("latin-1")]


def is_refused(base: str, answer: Answer) -> bool:
    """Whether a response says that there is nothing; a frontend may show its page, which decides itself."""
    return answer.status in (400, 404) or (base == "/site" and (answer.status, answer.body) == (200, PAGE.encode()))


@pytest.mark.parametrize("base", BASES)
def test_no_spelling_leads_out_of_the_directory(app: Typeway, place: Path, base: str) -> None:
    """Each is a 400 or 404, or the page of a frontend; no answer contains what is outside."""
    found = answered(app, [f"{base}/{suffix}" for suffix in targets(place)])
    assert leaks(found) == []
    assert [target for target, answer in found.items() if not is_refused(base, answer)] == []


@pytest.mark.parametrize("base", BASES)
def test_names_of_other_systems_are_names(app: Typeway, base: str) -> None:
    """Drives, devices, shares, streams and home directories are names of files that do not exist, and no errors."""
    found = answered(app, [f"{base}/{suffix}" for suffix in ELSEWHERE])
    assert leaks(found) == []
    assert {target: answer.status for target, answer in found.items() if answer.status >= 500} == {}


@pytest.mark.parametrize(
    "target",
    [
        "/static-secret/secret.txt", "/static/../files-secret/secret.txt", "/static../secret.txt", "/static..%2fsecret.txt",
        "/static%2f../secret.txt", "/pages../files-secret/secret.txt", "/site../secret.txt", "/site-secret/secret.txt", "../secret.txt",
        "http://testserver/static/../secret.txt", "http://testserver/../secret.txt", "/../secret.txt", "//secret.txt",
        "/static/?../secret.txt", "/static/file.txt?/../../secret.txt", "/static/%23/../../secret.txt", "*", "/%2e%2e/secret.txt",
    ],
)  # fmt: skip
def test_no_target_moves_the_directory(app: Typeway, target: str) -> None:
    """Siblings with a similar name, other forms of a target, queries: none of them is another directory."""
    assert leaks(answered(app, [target])) == []


@pytest.mark.parametrize("base", BASES)
def test_what_is_inside_is_served(app: Typeway, base: str) -> None:
    """The table is sent to applications that serve: files, also through a link that stays inside and `..` that does."""
    paths = ["/file.txt", "/inside.txt", "/sub/../file.txt", "/./file.txt", "/%66ile.txt", "/linked/files/file.txt"]
    found = answered(app, [base + path for path in paths])
    assert [answer.body.decode() for answer in found.values()] == [CONTENT] * len(paths)


def test_each_spelling_is_dangerous_somewhere(place: Path) -> None:
    """The careless reader of each spelling finds the secret: nothing in the table is only odd."""
    harmless = []
    for suffix, reader in targets(place).items():
        try:
            text = Path(os.path.join(place / "files", reader(suffix))).read_text()  # noqa: PTH118 - as a careless reader
        except (OSError, ValueError):
            text = ""
        if text != SECRET:
            harmless.append((reader.__name__, suffix))
    assert harmless == []
