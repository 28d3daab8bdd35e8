"""What blocks and hardly matters: what an option turns on, what takes microseconds, what never runs."""

from textwrap import indent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

TRACE = """
class Trace:
    {}
    def start(self): {}
    def stop(self): self.file = None
    def write(self, text):
        {}
trace = Trace()
{}
"""
OFF = "def __init__(self): self.file = None"
ON = "self.file = FilePath('x').open('a')"
WAITS = "if self.file is None: return\ntime.sleep(1)"
USES = endpoint("trace.write('x')")
MAIN = "def main(argument):\n    {}\nif __name__ == '__main__': main('x')\n"


def traced(first: str = OFF, sets: str = ON, write: str = WAITS, rest: str = USES) -> str:
    return TRACE.format(first, sets, indent(write, "        ").strip(), rest)


HARDLY = {
    "an early return": traced(),
    "a branch": traced(write="if self.file is not None: time.sleep(1)"),
    "a value that holds": traced(write="if self.file: time.sleep(1)"),
    "a value that does not hold": traced(write="if not self.file: return\ntime.sleep(1)"),
    "and": traced(write="if text and self.file: time.sleep(1)"),
    "or": traced(write="if not text or not self.file: return\ntime.sleep(1)"),
    "a loop": traced(write="while self.file: time.sleep(1)"),
    "a choice": traced(write="return time.sleep(1) if self.file else None"),
    "a short circuit": traced(write="self.file and time.sleep(1)"),
    "a case": traced(write="match self.file:\n    case None: return\ntime.sleep(1)"),
    "a local name": traced(write="file = self.file\nif file is None: return\ntime.sleep(1)"),
    "what is below": traced(write="if self.file: flush()", rest="def flush(): time.sleep(1)\n" + USES),
    "an attribute of the class": traced("file = None"),
    "a flag": traced(OFF + "; self.enabled = False", "self.enabled = True", "if not self.enabled: return\ntime.sleep(1)"),
    "a level": traced(OFF + "; self.level = 0", "self.level = 2", "if self.level: time.sleep(1)"),
    "a name for nothing": traced(OFF + "; self.path = ''", "self.path = 'x'", "if self.path != '': time.sleep(1)"),
    "a type": traced("def __init__(self): self.file: io.TextIOBase | None = None"),
    "an attribute that a function sets": traced(sets="setattr(self, 'file', 'x')"),
    "the caller asks": traced(write="time.sleep(1)", rest=endpoint("if trace.file: trace.write('x')")),
    "a class method": (
        "class Trace:\n    file = None\n    @classmethod\n    def start(cls): cls.file = 'x'\n    @classmethod\n    def write(cls, text):\n"
        "        if cls.file is None: return\n        time.sleep(1)\n" + endpoint("Trace.write('x')")
    ),
    "another that has the name": traced(rest="class Other:\n    def __init__(self): self.file = 'x'\n" + USES),
    "a class that inherits it": traced(rest="class More(Trace): ...\nmore = More()\n" + endpoint("more.write('x')")),
    "an object of the function": traced(rest=endpoint("Trace().write('x')")),
    "a function that sets it": traced(rest="def trace_to(name): trace.file = FilePath(name).open()\n" + USES),
    "a branch of the main function": traced(rest=USES + MAIN.format("if argument: trace.start()")),
    "a branch below the main function": traced(
        rest=USES + "def configure(argument):\n    if argument: trace.start()\n" + MAIN.format("configure(argument)")
    ),
    "a global": "file = None\ndef start():\n    global file\n    file = 'x'\ndef write(text):\n    if file is None: return\n    time.sleep(1)\n"
    + endpoint("write('x')"),
}  # fmt: skip
MATTERS = {
    "nothing is asked": traced(write="time.sleep(1)"),
    "the other branch": traced(write="if self.file is None: time.sleep(1)"),
    "an endpoint sets it": traced(rest=USES + "@app.post('/on')\ndef turn_on() -> None: trace.start()\n"),
    "an endpoint sets it in a branch": traced(rest=USES + "@app.post('/on')\ndef turn_on(n: int) -> None:\n    if n: trace.start()\n"),
    "the start sets it": traced(
        rest=USES + "@asynccontextmanager\nasync def lifespan(app):\n    if app: trace.start()\n    yield\napp.router.lifespan_context = lifespan\n"
    ),
    "the main function sets it": traced(rest=USES + MAIN.format("trace.start()")),
    "the main function sets it unless told otherwise": traced(rest=USES + MAIN.format("if not argument: trace.start()")),
    "the main block sets it": traced(rest=USES + "if __name__ == '__main__': trace.start()\n"),
    "the module sets it": traced(rest=USES + "import os\nif os.environ.get('TRACE'): trace.start()\n"),
    "the module sets the attribute": traced(rest=USES + "import os\nif os.environ.get('TRACE'): trace.file = 'x'\n"),
    "the constructor sets it": traced("def __init__(self, file=None): self.file = file"),
    "the constructor sets it in a branch": traced("def __init__(self):\n        self.file = None\n        if FilePath('x').exists(): self.file = 'x'"),
    "its first use sets it": traced(write="if not self.file: self.start()\nif self.file: time.sleep(1)"),
    "a function that is passed on sets it": traced(rest=USES + "app.add_api_route('/on', trace.start)\n"),
    "a function that is found by its name sets it": traced(rest=USES + "def find(): return getattr(trace, 'start')\n"),
    "a decorated function sets it": traced(rest=USES + "def command(inner): return inner\n@command\ndef trace_to(name): trace.file = name\n"),
    "it is on": traced("def __init__(self): self.file = 'x'"),
    "it is on in one object": traced(rest=USES + "other = Trace()\nvars(other)['file'] = 'x'\n"),
    "no function sets it": traced(sets="..."),
    "an option of a model": (
        "class Trace(BaseModel):\n    file: str | None = None\n    def start(self): self.file = 'x'\n    def write(self, text):\n"
        "        if self.file is None: return\n        time.sleep(1)\ntrace = Trace()\n" + USES
    ),
    "a local name that is called like it": "file = None\ndef start():\n    file = 'x'\ndef write(text, file):\n    if file is None: return\n    time.sleep(1)\n"
    + endpoint("write('x', app)"),
}  # fmt: skip


def test_what_starts_the_application_may_turn_it_on(check: Check) -> None:
    """TW001: a file that imports the application and then serves it is looked at too."""
    outcome = check(HEAD + traced(), "--select", "TW001", serve="from main import app, trace\ntrace.start()\n")
    assert outcome.codes == ["TW001"]
    outcome = check(
        HEAD + traced(), "--select", "TW001", test_main="from main import trace\ntrace.start()\n", serve="import main\n"
    )
    assert outcome.codes == []


@pytest.mark.parametrize(
    ("source", "is_low"),
    [(source, True) for source in HARDLY.values()] + [(source, False) for source in MATTERS.values()],
    ids=[*HARDLY, *MATTERS],
)
def test_what_only_an_option_turns_on_hardly_matters(check: Check, source: str, is_low: bool) -> None:
    """TW001: a branch is low that needs an attribute which neither requests nor the start set; what is made at its first use is not."""
    outcome = check(HEAD + source, "--all", "--select", "TW001")
    assert [finding["confidence"] == "low" for finding in outcome.findings] == [is_low], outcome.err


TABLE = (
    "from io import StringIO, BytesIO\nfrom typeway import Form, UploadFile\nROUNDS = 100\nCOST = 16\nDEAR = 65536\n"
)
TABLE += "class Pasted(BaseModel):\n    rows: str\nclass Cost:\n    n = 16\n"
HASH = "hashlib.pbkdf2_hmac('sha256', b'', b'', {})"
SCRYPT = "hashlib.scrypt(b'', salt=b'', n={}, r=8, p=1)"
POST = "@app.post('/x')\nasync def show({}) -> Any:\n    import pandas, polars\n    await pause()\n    {}\n"
DIGEST = "def digest(n): return hashlib.scrypt(b'', salt=b'', n=n, r=8, p=1)\n"
PARSE = "def parse(text):\n    import pandas\n    return pandas.read_csv(StringIO(text))\n"
PICTURE = "async def scale(data):\n    from PIL import Image\n    await pause()\n    image = {}\n    if image.width > 900: image.thumbnail((900, 900))\n"
# The source, and how sure its finding is.
WEIGHTS = {
    "few rounds": (endpoint(HASH.format(1)), "low"),
    "few rounds by name": (endpoint(HASH.format("iterations=500")), "low"),
    "few rounds of a constant": (endpoint(HASH.format("ROUNDS")), "low"),
    "few rounds of a local name": (endpoint("rounds = 100\n" + HASH.format("rounds")), "low"),
    "many rounds": (endpoint(HASH.format(600_000)), "high"),
    "many rounds by name": (endpoint(HASH.format("iterations=600_000")), "high"),
    "unknown rounds": (endpoint(HASH.format("app.state.rounds")), "high"),
    "a hash that costs little": (endpoint(SCRYPT.format(16)), "low"),
    "a hash that costs little by a constant": (endpoint(SCRYPT.format("COST")), "low"),
    "a hash that costs little by a class": (endpoint(SCRYPT.format("Cost.n")), "low"),
    "a hash that costs little by its caller": (DIGEST + endpoint("digest(16)"), "low"),
    "a hash": (endpoint(SCRYPT.format(16384)), "high"),
    "a hash by a constant": (endpoint(SCRYPT.format("DEAR")), "high"),
    "a hash by its caller": (DIGEST + endpoint("digest(16384)"), "high"),
    "a hash of another name": (endpoint("from hashlib import scrypt as stretch\nstretch(b'', salt=b'', n=16, r=8, p=1)"), "low"),
    "a table in a body": (POST.format("body: Pasted", "return pandas.read_csv(StringIO(body.rows)).size"), "low"),
    "a table in a form": (POST.format("rows: str = Form()", "return pandas.read_csv(StringIO(rows)).size"), "low"),
    "a table in a name": (POST.format("rows: str", "text = StringIO(rows)\n    return pandas.read_csv(text).size"), "low"),
    "a table of io": (POST.format("rows: str", "return pandas.read_json(io.StringIO(rows)).size"), "low"),
    "a table for polars": (POST.format("rows: str", "return polars.read_csv(io.StringIO(rows))"), "low"),
    "a table below": (PARSE + POST.format("body: Pasted", "return parse(body.rows).size"), "low"),
    "an upload": (POST.format("file: UploadFile", "return pandas.read_csv(BytesIO(await file.read())).size"), "medium"),
    "an upload as text": (POST.format("file: UploadFile", "return pandas.read_csv(StringIO((await file.read()).decode())).size"), "medium"),
    "an upload by a name": (
        POST.format("file: UploadFile", "data = await file.read()\n    return pandas.read_csv(StringIO(data.decode())).size"), "medium",
    ),
    "an upload below": (PARSE + POST.format("file: UploadFile", "return parse((await file.read()).decode()).size"), "medium"),
    "an answer of another server": (
        POST.format("url: str", "found = await client.get(url)\n    return pandas.read_csv(StringIO(found.text)).size") + "client = httpx.AsyncClient()\n", "medium",
    ),
    "a picture that is scaled if it is large": (PICTURE.format("Image.open(BytesIO(data))") + POST.format("file: UploadFile", "await scale(await file.read())"), "medium"),
    "an open upload that is scaled": (PICTURE.format("Image.open(data.file)") + POST.format("file: UploadFile", "await scale(file)"), "medium"),
    "a picture of a path": (PICTURE.format("Image.open(data)") + POST.format("name: str", "await scale(name)"), "low"),
    "a table in a file": (POST.format("name: str", "return pandas.read_csv(name).size"), "medium"),
    "a table that is made": (POST.format("body: Pasted", "return pandas.DataFrame([body.rows]).size"), None),
    "a folder that is removed": (POST.format("name: str", "shutil.rmtree(name)"), "low"),
    "a temporary folder that is removed": (endpoint("import tempfile\nfolder = tempfile.mkdtemp()\nshutil.rmtree(folder)"), "low"),
    "many folders that are removed": (POST.format("names: list[str]", "for name in names: shutil.rmtree(name)"), "medium"),
    "a folder that is copied": (POST.format("name: str", "shutil.copytree(name, 'x')"), "medium"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidence"), WEIGHTS.values(), ids=WEIGHTS)
def test_what_takes_little_time_hardly_matters(check: Check, source: str, confidence: str | None) -> None:
    """TW001: a hash of few rounds, a table that somebody has typed, and a folder that is removed take milliseconds; an upload does not."""
    found = check(HEAD + TABLE + source, "--all", "--select", "TW001").findings
    assert [finding["confidence"] for finding in found] == ([] if confidence is None else [confidence])


WORK = "from typeway import BackgroundTasks, UploadFile\nasync def work(): time.sleep(1)\n"
WORK += "from starlette.authentication import requires\n@requires('x')\nasync def begun(request=None): time.sleep(1)\n"
RUNS = {
    "a coroutine that nothing awaits": ("work()", False),
    "one that has a name": ("waiting = work()", False),
    "one that is awaited": ("await work()", True),
    "one that is awaited by its name": ("waiting = work()\nawait waiting", True),
    "one that a task has": ("task = asyncio.create_task(work())", True),
    "one that an inner function awaits": ("waiting = work()\nasync def inner(): await waiting\nawait inner()", True),
    "several": ("await asyncio.gather(work(), work())", True),
    "one that a decorator begins": ("begun()", True),
    "one that is returned": ("return await asyncio.wait_for(work(), 1)", True),
    "a background task that nothing sends": ("tasks = BackgroundTasks()\ntasks.add_task(work)\nreturn 1", False),
    "a background task that a response has": ("tasks = BackgroundTasks()\ntasks.add_task(work)\nreturn JSONResponse(1, background=tasks)", True),
}  # fmt: skip


@pytest.mark.parametrize(("body", "runs"), RUNS.values(), ids=RUNS)
def test_what_nothing_runs_does_not_block(check: Check, body: str, runs: bool) -> None:
    """TW001: a coroutine that is only made, and a task that is sent with no response, never run."""
    outcome = check(HEAD + WORK + endpoint(body), "--all", "--select", "TW001")
    assert outcome.codes == (["TW001"] if runs else []), outcome.out


def test_what_blocks_in_one_place_is_one_finding(check: Check) -> None:
    """TW001: several functions lead to one that blocks, and which of them an endpoint calls does not matter."""
    source = "def log(text): time.sleep(1)\ndef info(text): log(text)\ndef warn(text): log(text)\n"
    source += "".join(
        f"@app.get('/{name}')\nasync def show_{name}() -> None:\n    await pause()\n    {calls}\n"
        for name, calls in {"a": "info('x')", "b": "warn('x'); info('x')", "c": "log('x')"}.items()
    )
    (finding,) = check(HEAD + source, "--select", "TW001").findings
    assert isinstance(also := finding["also"], list)
    assert [place["entry"] for place in also] == ["GET /b", "GET /c"]
    source += (
        "def save(text): time.sleep(1)\n@app.get('/d')\nasync def show_d() -> None:\n    await pause()\n    save('x')\n"
    )
    assert check(HEAD + source, "--select", "TW001").codes == ["TW001", "TW001"]
