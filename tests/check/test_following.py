"""What calls are followed through, what decides their branches, and how sure and how often a finding is told."""
# ruff: noqa: ISC004  (sources of several lines)

from pathlib import Path as FilePath

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

# Ways on which a blocking call reaches the loop: a source, and how many findings it has.
FOUND = {
    "a coroutine function as a background task": (
        "from typeway import BackgroundTasks\nasync def work() -> None:\n    await pause()\n    time.sleep(1)\n"
        "@app.get('/x')\nasync def show(tasks: BackgroundTasks) -> int:\n    tasks.add_task(work)\n    return 1"
    ),
    "a coroutine function as a response's task": (
        "from typeway.background import BackgroundTask\nasync def work() -> None:\n    await pause()\n    time.sleep(1)\n"
        "@app.get('/x')\nasync def show() -> Any: return JSONResponse({}, background=BackgroundTask(work))"
    ),
    "a task that the lifespan starts": (
        "async def work() -> None:\n    while True:\n        time.sleep(1)\n        await pause()\n"
        "@asynccontextmanager\nasync def lifespan(app):\n    task = asyncio.create_task(work())\n    yield\n    task.cancel()\n"
        "app = Typeway(lifespan=lifespan)"
    ),
    "a task of a group that the lifespan starts": (
        "import anyio\nasync def work() -> None:\n    time.sleep(1)\n    await pause()\n"
        "@asynccontextmanager\nasync def lifespan(app):\n    async with anyio.create_task_group() as group:\n"
        "        group.start_soon(work)\n        yield\napp = Typeway(lifespan=lifespan)"
    ),
    "a coroutine function as the task of a plain endpoint": (
        "class Naps:\n    async def nap(self):\n        await pause()\n        time.sleep(1)\nnaps = Naps()\n"
        "from typeway import BackgroundTasks\ndef rest(tasks): tasks.add_task(naps.nap)\n@app.get('/x')\ndef show(tasks: BackgroundTasks) -> None: rest(tasks)\n"
    ),
    "what is kept as an attribute of the application": (
        "app.client = httpx.Client()\n"
        + endpoint("request.app.client.get('http://x')").replace("show()", "show(request: Request)")
    ),
    "what a class keeps for all of its objects": (
        "class Shop:\n    client = httpx.Client()\n    async def read(self):\n        await pause()\n        self.client.get('http://x')\n"
        + endpoint("await Shop().read()")
    ),
    "what the class above keeps": (
        "class Base:\n    client = httpx.Client()\nclass Shop(Base):\n    def read(self): self.client.get('http://x')\n"
        + endpoint("Shop().read()")
    ),
    "a lock that a class keeps": (
        "import threading\nclass Shop:\n    lock = threading.Lock()\n    async def read(self):\n"
        "        with self.lock: await pause()\n" + endpoint("await Shop().read()")
    ),
    "a lock that an object keeps": (
        "import threading\nclass Shop:\n    def __init__(self): self.lock = threading.Lock()\n    async def read(self):\n"
        "        with self.lock: await pause()\napp.state.shop = Shop()\n"
        "@app.get('/x')\nasync def show(request: Request) -> None:\n    shop: Shop = request.app.state.shop\n    await shop.read()\n"
    ),
    "a property that is made at its first use": (
        "class Shop:\n    _client = None\n    @property\n    def client(self):\n"
        "        if self._client is None: self._client = httpx.Client()\n        return self._client\n"
        "shop = Shop()\n" + endpoint("shop.client.get('http://x')")
    ),
    "what a partial gives an endpoint": (
        "async def show(n: int, client):\n    await pause()\n    client.get('http://x')\n"
        "app.get('/{n}')(functools.partial(show, client=httpx.Client()))\n"
    ),
    "a parameter that many pass": (
        "def load(session): session.commit()\n"
        + "".join(f"def use{n}(): load(make_session())\n" for n in range(20))
        + endpoint("use1()")
    ),
    "a partial": endpoint("nap = functools.partial(time.sleep, 1)\nnap()"),
    "a partial of the module": "nap = functools.partial(time.sleep, 1)\n" + endpoint("nap()"),
    "what is kept in the application's state": (
        "@asynccontextmanager\nasync def lifespan(app):\n    app.state.client = httpx.Client()\n    yield\n"
        "app = Typeway(lifespan=lifespan)\n"
        "@app.get('/x')\nasync def show(request: Request) -> Any:\n    await pause()\n    request.app.state.client.get('http://x')"
    ),
    "what the lifespan yields": (
        "@asynccontextmanager\nasync def lifespan(app):\n    yield {'client': httpx.Client()}\napp = Typeway(lifespan=lifespan)\n"
        "@app.get('/x')\nasync def show(request: Request) -> Any:\n    await pause()\n    request.state.client.get('http://x')"
    ),
    "a property": (
        "class Printer:\n    @property\n    def state(self) -> str:\n        time.sleep(1)\n        return 'on'\n"
        + endpoint("return Printer().state")
    ),
    "a setter": (
        "class Printer:\n    @property\n    def state(self) -> str: return 'on'\n"
        "    @state.setter\n    def state(self, value: str) -> None: time.sleep(1)\n"
        + endpoint("Printer().state = 'off'")
    ),
    "an abstract class": (
        "import abc\nclass Store(abc.ABC):\n    @abc.abstractmethod\n    def load(self) -> str: ...\n"
        "class Files(Store):\n    def load(self) -> str:\n        time.sleep(1)\n        return ''\n"
        "def get_store() -> Store: return Files()\ndef choose(store: Store) -> str: return store.load()\n"
        + endpoint("return choose(get_store())")
    ),
    "a Protocol": (
        "from typing import Protocol\nclass Store(Protocol):\n    def load(self) -> str: ...\n"
        "class Files:\n    def load(self) -> str:\n        time.sleep(1)\n        return ''\n"
        "def get_store() -> Any: ...\n@app.get('/x')\nasync def show(store: Annotated[Store, Depends(get_store)]) -> Any:\n"
        "    await pause()\n    return store.load()"
    ),
    "a constructor without annotations": (
        "class Service:\n    def __init__(self, session): self.session = session\n"
        "    def load(self): return self.session.execute(select(User))\n"
        "def get_service(): return Service(make_session())\n"
        "@app.get('/x')\nasync def show(service=Depends(get_service)) -> Any:\n    await pause()\n    service.load()"
    ),
    "self of a view class": (
        "class View:\n    def __init__(self): self.client = httpx.Client()\n"
        "async def show(self: Any) -> Any:\n    await pause()\n    self.client.get('http://x')\n"
        "show.__annotations__['self'] = Annotated[Any, Depends(View)]\napp.get('/x')(show)"
    ),
    "an object that decorates": (
        "class Timed:\n    def __init__(self, function):\n        self.function = function\n        functools.update_wrapper(self, function)\n"
        "    async def __call__(self, *args, **kwargs):\n        time.sleep(1)\n        return await self.function(*args, **kwargs)\n"
        "@app.get('/x')\n@Timed\nasync def show() -> Any: return await pause()"
    ),
    "a generic repository": (
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Base_(Generic[T]):\n"
        "    def __init__(self, session: Session): self.session = session\n"
        "    def load(self): return self.session.execute(select(User))\n"
        "class Middle(Base_[T]): ...\nclass Users(Middle[User]): ...\n"
        "R = TypeVar('R', bound=Base_)\nclass Service(Generic[R]):\n    def __init__(self, repository: R): self.repository = repository\n"
        "class UserService(Service[Users]): ...\n"
        + endpoint("service = UserService(Users(make_session()))\nservice.repository.load()")
    ),
    "one of two results": (
        "class Fake:\n    def load(self): return ''\nclass Real:\n    def load(self): time.sleep(1)\n"
        "def get_store(fake: bool = False):\n    if fake: return Fake()\n    return Real()\n"
        "@app.get('/x')\nasync def show(store: Annotated[Any, Depends(get_store)]) -> Any:\n    await pause()\n    store.load()"
    ),
    "a global that is set at the start": (
        "client = None\ndef start():\n    global client\n    client = httpx.Client()\n"
        + endpoint("client.get('http://x')")
    ),
    "a function that is mapped": "def nap(n): time.sleep(n)\n" + endpoint("list(map(nap, [1]))"),
    "a client that is derived from httpx": ("class Client(httpx.Client): ...\n" + endpoint("Client().get('http://x')")),
    "a container of services": (
        "class Store:\n    def load(self): time.sleep(1)\n"
        + endpoint("import injector\ninjector.Injector().get(Store).load()")
    ),
    "a container of services for each request": (
        "class Store:\n    def load(self): time.sleep(1)\ndef connect():\n    from dishka import AsyncContainer\n    return AsyncContainer()\n"
        + endpoint("async with connect()(scope=1) as held:\n    (await held.get(Store)).load()")
    ),
    "a callable object": "class Nap:\n    def __call__(self): time.sleep(1)\nnap = Nap()\n" + endpoint("nap()"),
    "a table of functions": (
        "def nap(): time.sleep(1)\ndef rest(): ...\nNAPS = {'long': nap, 'none': rest}\n"
        "@app.get('/{name}')\nasync def show(name: str) -> Any:\n    await pause()\n    NAPS[name]()"
    ),
    "a table of partials that is asked": (
        "def nap(n): time.sleep(n)\nNAPS = {n: functools.partial(nap, n) for n in range(3)}\n"
        + endpoint("found = NAPS.get(1)\nif found is not None:\n    found()")
    ),
    "a list of functions": "def nap(): time.sleep(1)\nNAPS = [nap]\n" + endpoint("NAPS[0]()"),
    "the key of a sort": "def nap(n): time.sleep(n)\n" + endpoint("sorted([1], key=nap)"),
    "the key of a list's own sort": "def nap(n): time.sleep(n)\n" + endpoint("numbers = [1]\nnumbers.sort(key=nap)"),
    "the key of the largest": "def nap(n): time.sleep(n)\n" + endpoint("max([1], key=nap)"),
    "a lambda as the key of a sort": "def nap(n): time.sleep(n)\n"
    + endpoint("sorted([1], key=lambda each: nap(each))"),
    "what a lambda as a key does": endpoint("min(['x'], key=lambda each: FilePath(each).read_text())"),
    "a lambda that is mapped": endpoint("list(map(lambda each: time.sleep(each), [1]))"),
    "the beginning of an own context manager": (
        "class Nap:\n    def __enter__(self):\n        time.sleep(1)\n        return self\n    def __exit__(self, *error): ...\n"
        + endpoint("with Nap():\n    await pause()")
    ),
    "the end of an own context manager": (
        "class Nap:\n    def __enter__(self): return self\n    def __exit__(self, *error): time.sleep(1)\n"
        + endpoint("with Nap() as nap:\n    await pause()")
    ),
    "the end of an asynchronous one": (
        "class Nap:\n    async def __aenter__(self): return self\n    async def __aexit__(self, *error): time.sleep(1)\n"
        + endpoint("async with Nap() as nap:\n    await pause()")
    ),
    "a name that is renewed": endpoint("path = FilePath('x')\npath = path / 'y'\npath = path.parent\npath.read_text()"),
    "a parameter that is renewed": (
        "def load(path: FilePath): \n    path = path.parent\n    return path.read_text()\n"
        + endpoint("load(FilePath('x'))")
    ),
    "one of two that are unpacked": endpoint("n, client = 1, httpx.Client()\nclient.get('http://x')"),
    "one of several kinds, in a branch": (
        "def load(source: str | FilePath):\n    if isinstance(source, FilePath): return source.read_text()\n    return source\n"
        + endpoint("load(FilePath('x'))")
    ),
    "one of several kinds, in an expression": (
        "def load(source: Any): return source.read_text() if isinstance(source, FilePath) else source\nload('x')\n"
        + endpoint("load(FilePath('x'))")
    ),
    "one of several kinds that callers pass": (
        "def load(client: httpx.Client | httpx.AsyncClient): return client.get('http://x')\n"
        "async def other(): await load(httpx.AsyncClient())\n" + endpoint("load(httpx.Client())")
    ),
    "one of several classes that callers pass": (
        "class Memory:\n    def load(self): return 1\nclass Disk:\n    def load(self): time.sleep(1)\n"
        "def load(store: Memory | Disk): return store.load()\nasync def other(): load(Memory())\n"
        + endpoint("load(Disk())")
    ),
    "a constant that takes the branch": (
        "def load(kind: str):\n    if kind == 'slow':\n        if True:\n            if kind != 'fast': time.sleep(1)\n"
        + endpoint("load('slow')")
    ),
}

# Calls of functions whose blocking branch they cannot take, or that remember.
LEFT_ALONE = {
    "what a class keeps and its subclass replaces": (
        "class Base:\n    client = httpx.Client()\n    async def read(self): await self.client.get('http://x')\n"
        "class Shop(Base):\n    client = httpx.AsyncClient()\n" + endpoint("await Shop().read()")
    ),
    "what a class keeps and its methods replace": (
        "class Shop:\n    client = httpx.Client()\n    def __init__(self, client): self.client = client\n"
        "    def read(self): self.client.get('http://x')\n" + endpoint("Shop(FakeClient()).read()")
    ),
    "an asynchronous client that a class keeps": (
        "class Shop:\n    client = httpx.AsyncClient()\n    async def read(self): await self.client.get('http://x')\n"
        + endpoint("await Shop().read()")
    ),
    "a task that nothing adds": (
        "async def nap(): time.sleep(1)\ndef unused(tasks): tasks.add_task(nap)\n" + endpoint("pass")
    ),
    "a class that has the shape of an asynchronous Protocol but for its async": (
        "from typing import Protocol\nclass Store(Protocol):\n    async def load(self) -> str: ...\n"
        "class Waiting:\n    async def load(self) -> str: return await pause()\n"
        "class Blocking:\n    def load(self) -> str: return time.sleep(1)\n"
        "@app.get('/x')\nasync def show(store: Annotated[Store, Depends(pause)]) -> Any: return await store.load()"
    ),
    "a default of None": (
        "def load(key: str, session: Session | None = None):\n    if session is not None: return session.execute(select(User))\n"
        "    return key\n" + endpoint("return load('x')")
    ),
    "a default that ends the function": (
        "def load(key: str, session: Session | None = None):\n    if session is None: return key\n"
        "    return session.execute(select(User))\n" + endpoint("return load('x')")
    ),
    "None that is passed on": (
        "def inner(session=None):\n    if session: session.execute(select(User))\n"
        "def load(session=None): return inner(session=session)\n" + endpoint("load()")
    ),
    "a flag": (
        "def load(wait: bool = False):\n    if wait: time.sleep(1)\n"
        + endpoint("load()\nload(False)\nload(wait=False)")
    ),
    "a text": (
        "def load(kind: str):\n    if kind == 'file': return FilePath('x').read_text()\n    if kind in ('a', 'b'): time.sleep(1)\n"
        + endpoint("load('memory')")
    ),
    "a type": (
        "def load(source: str | bytes):\n    if isinstance(source, bytes): time.sleep(1)\n" + endpoint("load(f'{1}')")
    ),
    "another kind of what callers pass": (
        "def load(client): return client.get('http://x')\nasync def other(): load(httpx.Client())\n"
        + endpoint("await load(httpx.AsyncClient())")
    ),
    "another kind of what callers pass, of the module": (
        "waiting, client = httpx.Client(), httpx.AsyncClient()\nasync def other(): load(waiting)\n"
        "def load(client: httpx.Client | httpx.AsyncClient): return client.get('http://x')\n"
        + endpoint("await load(client)")
    ),
    "another class of what callers pass": (
        "class Memory:\n    def load(self): return 1\nclass Disk:\n    def load(self): time.sleep(1)\n"
        "def load(store: Memory | Disk): return store.load()\nasync def other(): load(Disk())\n"
        + endpoint("load(Memory())")
    ),
    "a short circuit": (
        "def nap(): time.sleep(1)\ndef load(wait: bool = False): return wait and nap()\n" + endpoint("load()")
    ),
    "a member of an enumeration": (
        "from enum import Enum\nclass Kind(Enum):\n    FILE = 1\n    MEMORY = 2\n"
        "def load(kind: Kind):\n    if kind is Kind.FILE: time.sleep(1)\n" + endpoint("load(Kind.MEMORY)")
    ),
    "a file that is read in a thread": endpoint(
        "with open('x') as file:\n    return await asyncio.to_thread(file.read)"
    ),
    "a file that a thread parses": endpoint(
        "import json\nwith open('x') as file:\n    return await run_in_threadpool(json.load, file)"
    ),
    "a method in an executor": (
        "class Store:\n    def load(self): time.sleep(1)\nstore = Store()\n"
        + endpoint("return await asyncio.get_running_loop().run_in_executor(None, store.load)")
    ),
    "a memory that is asked first": (
        "memory = {}\ndef load(key):\n    cached = memory.get(key)\n    if cached is not None: return cached\n"
        "    memory[key] = FilePath(key).read_text()\n    return memory[key]\n" + endpoint("load('x')")
    ),
    "a memory that is looked into": (
        "memory = {}\ndef load(key):\n    if key in memory: return memory[key]\n"
        "    memory[key] = FilePath(key).read_text()\n    return memory[key]\n" + endpoint("load('x')")
    ),
    "a plain function as a background task": (
        "from typeway import BackgroundTasks\ndef work() -> None: time.sleep(1)\n"
        "@app.get('/x')\nasync def show(tasks: BackgroundTasks) -> int:\n    tasks.add_task(work)\n    return 1"
    ),
    "a pipeline that is only filled": endpoint(
        "import redis\npipeline = redis.Redis().pipeline()\npipeline.set('a', 1)\npipeline.get('a')"
    ),
    "an executor's map": endpoint("def nap(n): time.sleep(n)\npool.map(nap, [1])"),
    "a table of texts": "NAMES = {'sleep': 'x'}\n" + endpoint("NAMES['sleep'].strip()"),
    "a table that is filled later": "MADE = {}\n" + endpoint("MADE['x'].get('http://x')"),
    "a key that a thread asks": (
        "def nap(n): time.sleep(n)\n" + endpoint("await asyncio.to_thread(sorted, [1], key=nap)")
    ),
    "a lambda that an executor maps": endpoint("pool.map(lambda each: time.sleep(each), [1])"),
    "a lambda that a thread asks": endpoint("await asyncio.to_thread(sorted, [1], key=lambda each: time.sleep(each))"),
    **{
        f"another type: {test}": f"def load(out):\n    if {test}: time.sleep(1)\n" + endpoint("load(io.StringIO())")
        for test in ("type(out) is str", "type(out) == str", "type(out) in (str, bytes)", "not type(out) is not str")
    },
    **{
        f"the type itself: {test}": f"def load(out):\n    if {test}: return\n    time.sleep(1)\n"
        + endpoint("load('x')")
        for test in ("type(out) is str", "type(out) in {str}", "not type(out) != str")
    },
    "a lambda whose name is another one outside": endpoint(
        "client = httpx.Client()\nsorted([{}], key=lambda client: client.get('x'))"
    ),
    "an own context manager in a thread": (
        "class Nap:\n    def __enter__(self): time.sleep(1)\n    def __exit__(self, *error): ...\n"
        "def work():\n    with Nap(): ...\n" + endpoint("await asyncio.to_thread(work)")
    ),
    "what a generator gives and nobody enters": (
        "class Nap:\n    def __enter__(self): time.sleep(1)\n    def __exit__(self, *error): ...\n"
        "@contextmanager\ndef opened(): yield Nap()\n" + endpoint("with opened() as nap:\n    await pause()")
    ),
    "a name that becomes something else": endpoint("path = FilePath('x')\npath = unknown(path)\npath.read_text()"),
    "a name that a branch renews": (
        "def load(client: httpx.Client, other: bool):\n    if other: client = unknown()\n    else: client = client.other\n"
        "    return client.get('x')\n" + endpoint("load(httpx.Client(), True)")
    ),
}


@pytest.mark.parametrize("source", FOUND.values(), ids=list(FOUND))
def test_a_blocking_call_is_followed(check: Check, source: str) -> None:
    """Whatever leads to a blocking call on the loop, it is found, once."""
    outcome = check(HEAD + source, "--all", "--select", "TW001,TW002")
    assert outcome.codes == ["TW001"], outcome.out


@pytest.mark.parametrize("source", LEFT_ALONE.values(), ids=list(LEFT_ALONE))
def test_what_this_caller_cannot_reach_is_left_alone(check: Check, source: str) -> None:
    """A branch that a call cannot take, a thread, or a memory is nothing to report."""
    outcome = check(HEAD + source, "--all", "--select", "TW001,TW002")
    assert outcome.codes == [], outcome.out


SERVICES = {
    "OpenAI": "import openai\nopenai.OpenAI().chat.completions.create(model='x')",
    "Anthropic": "import anthropic\nanthropic.Anthropic().messages.create(model='x')",
    "Stripe": "import stripe\nstripe.PaymentIntent.create(amount=1)",
    "boto3's resources": "import boto3\nboto3.resource('dynamodb').Table('x').put_item(Item={})",
    "a redis pipeline": "import redis\nredis.Redis().pipeline().execute()",
    "scoped_session": "from sqlalchemy.orm import scoped_session\nscoped_session(make_session).execute(select(User))",
    "a factory's transaction": "with make_session.begin() as session:\n    session.execute(select(User))",
    "Path.open": "with FilePath('x').open() as file:\n    file.read()",
    "a path's parent": "(FilePath('x').parent / 'y').write_text('')",
    "a folder below": "import os\nfor folder in os.walk('x'): print(folder)",
    "pandas": "import pandas\npandas.read_csv('x')",
    "polars": "import polars\npolars.read_parquet('x')",
    "Mixpanel": "import mixpanel\nmixpanel.Mixpanel('x').track('me', 'seen')",
    "keys of PyJWT": "import jwt\njwt.PyJWKClient('http://x').get_signing_key_from_jwt('x')",
    "tokens of msal": "import msal\nmsal.ConfidentialClientApplication('x').acquire_token_for_client(['x'])",
    "OpenSearch": "import opensearchpy\nopensearchpy.OpenSearch().search(index='x')",
    "MinIO": "import minio\nminio.Minio('x').put_object('x', 'y', b'', 0)",
    "Kubernetes": "from kubernetes import client\nclient.CoreV1Api().list_namespaced_pod('x')",
    "Docker": "import docker\ndocker.from_env().containers.run('x')",
    "Vault": "import hvac\nhvac.Client().secrets.kv.v2.read_secret_version(path='x')",
    "blobs of Azure": "from azure.storage.blob import BlobClient\nBlobClient('x', 'y', 'z').upload_blob(b'')",
    "secrets of Azure": "from azure.keyvault.secrets import SecretClient\nSecretClient('x', None).get_secret('x')",
    "BigQuery": "from google.cloud import bigquery\nbigquery.Client().query('SELECT 1')",
    "Google's sign-in": "from google.oauth2 import id_token\nid_token.verify_oauth2_token('x', None)",
    "Firebase": "from firebase_admin import messaging\nmessaging.send(None)",
    "SQLDatabase": "from langchain_community.utilities import SQLDatabase\nSQLDatabase.from_uri('x').run('SELECT 1')",
    "ClickHouse": "import clickhouse_driver\nclickhouse_driver.Client('x').execute('SELECT 1')",
    "another client of ClickHouse": "import clickhouse_connect\nclickhouse_connect.get_client(host='x')",
    "Neo4j": "import neo4j\nwith neo4j.GraphDatabase.driver('x').session() as session:\n    session.run('RETURN 1')",
    "SSH": "import paramiko\nclient = paramiko.SSHClient()\nclient.connect('x')",
    "a folder of an FTP server": "import ftplib\nwith ftplib.FTP('x') as server:\n    server.nlst()",
    "SFTP": "import paramiko\nparamiko.SSHClient().open_sftp().put('x', 'y')",
    "LDAP": "import ldap3\nldap3.Connection('x').bind()",
    "Kafka": "import kafka\nkafka.KafkaProducer().flush()",
    "RabbitMQ": "import pika\npika.BlockingConnection(None).channel().basic_publish('', 'x', b'')",
    "Qdrant": "from qdrant_client import QdrantClient\nQdrantClient('x').query_points('x')",
    "Pillow": "from PIL import Image\nImage.open('x').resize((1, 1))",
}


@pytest.mark.parametrize("body", SERVICES.values(), ids=list(SERVICES))
def test_usual_libraries_are_known(check: Check, body: str) -> None:
    """What applications usually wait for is in the catalogue, whether or not its package is installed here."""
    assert check(HEAD + endpoint(body), "--all", "--select", "TW001").codes == ["TW001"]


ADDED = "def send(): ...\nclass Client:\n    def fetch(self): ...\n    def _quick(self): ...\n"


@pytest.mark.parametrize(
    ("blocking", "body", "count"),
    [
        ("other.send", "other.send()", 1),
        ("other.Client", "other.Client().fetch()", 1),
        ("other.Client.fetch", "other.Client().fetch()", 1),
        ("other.Client", "other.Client()._quick()", 0),
        ("other.Client.send", "other.Client().fetch()", 0),
    ],
)
def test_a_project_adds_what_blocks(check: Check, blocking: str, body: str, count: int) -> None:
    """[tool.typeway.check] blocking names functions, methods and classes of the project's own."""
    settings = {"pyproject.toml": f'[tool.typeway.check]\nblocking = ["{blocking}"]\n', "other": ADDED}
    outcome = check(HEAD + "import other\n" + endpoint(body), **settings)
    assert outcome.codes == ["TW001"] * count, outcome.out


def test_one_cause_is_one_finding(check: Check) -> None:
    """A plain function that several endpoints call is told once, at the first of them, and names the others."""
    source = "def load():\n    session = make_session()\n    session.execute(select(User))\n    session.commit()\n"
    for name in "abc":
        source += f"@app.get('/{name}')\nasync def {name}() -> Any:\n    await pause()\n    load()\n"
    (finding,) = check(HEAD + source).findings
    assert (finding["code"], finding["entry"], finding["chain"]) == ("TW001", "GET /a", ["a", "load"])
    assert "1 more call below a() does the same" in str(finding["message"])
    assert "The same from GET /b, GET /c." in str(finding["message"])
    also = finding["also"]
    assert isinstance(also, list)
    assert [place["entry"] for place in also] == ["GET /b", "GET /c"]


def test_a_silenced_place_does_not_silence_the_others(check: Check) -> None:
    """An ignore comment at one of the callers leaves the finding to the next."""
    source = "def load(): make_session().commit()\n"
    for name, comment in (("a", "  # typeway: ignore[TW001]"), ("b", "")):
        source += f"@app.get('/{name}')\nasync def {name}() -> Any:\n    await pause()\n    load(){comment}\n"
    (finding,) = check(HEAD + source).findings
    assert finding["entry"] == "GET /b"


@pytest.mark.parametrize(
    ("body", "confidence"),
    [
        ("httpx.get('http://x')", "high"),
        ("FilePath(name).read_text()", "low"),
        ("path = FilePath('x') / name\nwith path.open() as file:\n    file.read()", "low"),
        ("for part in (name, 'x'):\n    FilePath(part).read_text()", "medium"),
        ("with open('x', 'w') as file:\n    file.write(name)", "low"),
        ("with open('x', 'w') as file:\n    file.write('x')", "low"),
        ("with open(name, 'w') as file:\n    file.write('stop')", "low"),
        ("with open(name, 'w') as file:\n    file.write(f'stop {name}')", "low"),
        ("with open(name, 'w') as file:\n    file.write(f'{name}')", "low"),
        ("with open(name, 'w') as file:\n    file.write('head')\n    file.write(name)", "low"),
        ("FilePath(name).write_text('stop')", "low"),
        ("FilePath(name).write_text(name)", "low"),
        ("FilePath('x').read_text()", "low"),
        ("import os\nfor entry in os.walk(name): print(entry)", "low"),
        ("if app.debug:\n    FilePath(name).read_text()", "low"),
        ("maybe(app.debug)", "medium"),
        # One file is mostly small; many, a folder or a stream may be large.
        ("for part in name:\n    FilePath(part).write_text(part)", "medium"),
        ("for part in (name, 'x'):\n    load(part)", "medium"),
        ("[load(part) for part in (name, 'x')]", "medium"),
        ("{part: load(part) for part in (name, 'x')}", "medium"),
        ("load(name)", "low"),
        ("for part in load(name): print(part)", "low"),
        ("[part for part in load(name)]", "low"),
        ("for part in (name, 'x'): print(part)\nload(name)", "low"),
        ("shutil.copytree(name, 'x')", "medium"),
        ("shutil.make_archive(name, 'zip')", "medium"),
        ("with open(name, 'wb') as file:\n    shutil.copyfileobj(app.state.upload, file)", "medium"),
        ("shutil.copyfile(name, 'x')", "low"),
        # What reads data takes longer than one pass over it.
        ("import pandas\npandas.read_csv(name)", "medium"),
        ("import pandas\npandas.DataFrame(name).apply(print)", "low"),
    ],
)
def test_findings_say_how_sure_they_are(check: Check, body: str, confidence: str) -> None:
    """What always waits is sure, what depends on a size or a branch less so; low confidence needs --all."""
    given = endpoint(body).replace("show()", "show(name: str = 'x')")
    source = (
        HEAD
        + "def maybe(wait: bool):\n    if wait: time.sleep(1)\ndef load(name): return FilePath(name).read_text()\n"
        + given
    )
    (finding,) = check(source, "--all").findings
    assert finding["confidence"] == confidence
    assert len(check(source).findings) == (confidence != "low")


@pytest.mark.parametrize(
    ("path", "body", "confidence"),
    [
        ("/items", "for part in name: FilePath(part).read_text()", "medium"),
        ("/system/config", "for part in name: FilePath(part).read_text()", "low"),
        ("/system/config", "httpx.get('http://x')", "high"),
        ("/backup", "for part in name: FilePath(part).read_text()", "low"),
        ("/admin/files", "for part in name: FilePath(part).read_text()", "low"),
        ("/admin/files", "httpx.get('http://x')", "high"),
        ("/setup", "httpx.get('http://x')", "low"),
    ],
)
def test_what_is_called_seldom_is_less_sure(check: Check, path: str, body: str, confidence: str) -> None:
    """A file that is read where somebody changes the configuration hardly matters, nor does what runs before the first use."""
    for source in (endpoint(body), endpoint(body).replace("await pause()", "pass")):  # TW001 and TW002
        here = source.replace("'/x'", f"'{path}'").replace("show()", "show(name: str = 'x')")
        (finding,) = check(HEAD + here, "--all").findings
        assert finding["confidence"] == confidence


NOTE = "{} note(name: str) -> None:\n    {}\n    FilePath(name).write_bytes(name.encode())\n"
EVERY = "async def held(name: str = 'x') -> str:\n    await pause()\n    return FilePath(name).read_text()\n"
WITH_IT = "@app.get('/{}')\nasync def show(it: str = Depends(held)) -> str: return it\n"
OFTEN = {
    "a dependency of one endpoint": (EVERY + WITH_IT.format(0), "low"),
    "a dependency of many endpoints": (EVERY + "".join(WITH_IT.format(each) for each in range(5)), "medium"),
    "middleware": (
        "@app.middleware('http')\nasync def around(request: Request, call_next: Any) -> Any:\n"
        "    FilePath(request.url.path).read_text()\n    return await call_next(request)\n@app.get('/')\nasync def show() -> int: return 1",
        "medium",
    ),
    "a file in a loop": (endpoint("for name in ('x', 'y'): note(name)") + NOTE.format("def", "pass"), "medium"),
    "a file in a loop that waits": (endpoint("for name in ('x', 'y'):\n    await pause()\n    note(name)") + NOTE.format("def", "pass"), "low"),
    "a file in a loop of functions that wait": (
        endpoint("await asyncio.gather(*[note(name) for name in ('x', 'y')])") + NOTE.format("async def", "await pause()"), "low",
    ),
    "a file in a loop of functions that wait for nothing": (
        endpoint("for name in ('x', 'y'): await note(name)") + NOTE.format("async def", "pass"), "medium",
    ),
    "a file for each thing that comes": (
        "async def names() -> AsyncIterator[str]:\n    await pause()\n    yield 'x'\n"
        + endpoint("async for name in names(): note(name)") + NOTE.format("def", "pass"), "low",
    ),
    "a process for each request": (endpoint("httpx.get('http://x')") + "def handler() -> None:\n    from mangum import Mangum", "low"),
    "a name alone": (endpoint("httpx.get('http://x')") + "mangum = None", "high"),
    "no await in a process for each request": (
        endpoint("httpx.get('http://x')").replace("await pause()", "pass") + "def handler() -> None: import mangum", "low",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "confidence"), OFTEN.values(), ids=list(OFTEN))
def test_what_runs_for_each_request_matters_more(check: Check, source: str, confidence: str) -> None:
    """TW001, TW002: a file that every request reads makes all wait; on AWS Lambda no other request is there to wait."""
    assert [finding["confidence"] for finding in check(HEAD + source, "--all").findings] == [confidence]


@pytest.mark.parametrize(
    ("body", "confidences"),
    [
        ("pandas.read_csv(name)", ["medium"]),
        ("pandas.read_csv(name)\nmake_session().commit()", ["low", "high"]),
        ("httpx.get(name)\nmake_session().commit()", ["high", "high"]),
    ],
)
def test_what_depends_on_a_size_comes_second(check: Check, body: str, confidences: list[str]) -> None:
    """TW001: a function that waits for a database for sure is looked at as a whole."""
    source = HEAD + endpoint(f"import pandas\n{body}").replace("show()", "show(name: str)")
    assert [finding["confidence"] for finding in check(source, "--all", "--select", "TW001").findings] == confidences


ADAPTER = "COPY --from=public.ecr.aws/awsguru/aws-lambda-adapter:0.9.0 /lambda-adapter /opt/extensions/lambda-adapter\n"


@pytest.mark.parametrize(
    ("name", "text", "confidence"),
    [
        ("api.Dockerfile", f"FROM python:3.12\n{ADAPTER}", "low"),
        ("Dockerfile.api", "FROM python:3.12\nENV AWS_LWA_PORT=8000\n", "low"),
        ("template.yaml", "Layers:\n  - !Sub arn:aws:lambda:${AWS::Region}:1:layer:LambdaAdapterLayerX86:25\n", "low"),
        ("api.Dockerfile", f"FROM python:3.12\n# {ADAPTER}", "high"),
        ("notes.txt", ADAPTER, "high"),
    ],
)
def test_an_adapter_runs_the_server_on_aws_lambda(check: Check, name: str, text: str, confidence: str) -> None:
    """TW001: the Dockerfile or template beside the application says that a process has one request at a time."""
    outcome = check(HEAD + endpoint("httpx.get('http://x')"), "--all", **{name: text})
    assert [finding["confidence"] for finding in outcome.findings] == [confidence]


HERE = "FilePath(__file__).parent"


@pytest.mark.parametrize(
    ("body", "is_found"),
    [
        (f"({HERE} / 'mail.txt').read_text()", False),
        ("FOLDER.joinpath('mail.txt').read_bytes()", False),
        ("with open(FOLDER / 'mail.txt') as file:\n    file.read()", False),
        ("path = f'{FOLDER}/mail.txt'\n(FOLDER / 'mail.txt').open('rb').read()", False),
        ("Mails().load('mail')", False),
        ("(FOLDER / 'large.txt').read_text()", True),
        ("(FOLDER / 'not_there.txt').read_text()", True),
        ("(FOLDER / 'mail.txt').write_text('x')", True),
        ("with open(FOLDER / 'mail.txt', 'a') as file:\n    file.write('x')", True),
        ("FilePath('mail.txt').read_text()", True),
    ],
)
def test_small_files_beside_the_code_are_left_alone(
    check: Check, tmp_path: FilePath, body: str, is_found: bool
) -> None:
    """TW001: a template that is there before any request comes, and is small, is not worth a thread; what requests write is."""
    source = f"{HEAD}FOLDER = {HERE} / 'mails'\nclass Mails:\n    FOLDER = FOLDER\n    def load(self, name):\n"
    source += "        path = self.FOLDER / (name + '.txt')\n        with open(path) as file: return file.read()\n"
    (tmp_path / "mails").mkdir()
    (tmp_path / "mail.txt").write_text("Hello")
    (tmp_path / "mails/mail.txt").write_text("Hello")
    if "large" in body:
        (tmp_path / "mails/large.txt").write_text("x" * 70_000)
    assert (check(source + endpoint(body), "--all").codes == ["TW001"]) is is_found


def test_a_client_that_a_function_remembers_is_followed(check: Check) -> None:
    """TW001: what a function with `lru_cache` makes once is used for every request."""
    source = "@functools.lru_cache\ndef client(): return httpx.Client()\n"
    assert check(HEAD + source + endpoint("client().get('http://x')")).codes == ["TW001"]


# A function that remembers what it has returned, and a call of it: what a new value finds.
REMEMBERING = {
    "a new value": ("@functools.lru_cache\ndef load(name): return httpx.get(name)\n", "load(name)", ["medium"]),
    "a new value by its name": ("@functools.lru_cache(maxsize=9)\ndef load(name): return httpx.get(name)\n", "load(name=name)", ["medium"]),
    "a value made of it": ("@functools.cache\ndef load(name): return httpx.get(name)\n", "load(f'http://{name}')", ["medium"]),
    "a method": (
        "class Api:\n    @functools.lru_cache\n    def load(self, name): return httpx.get(name)\napi = Api()\n", "api.load(name)", ["medium"],
    ),
    "no value": ("@functools.lru_cache\ndef load(): return httpx.get('http://x')\n", "load()", []),
    "the same value": ("@functools.lru_cache\ndef load(name): return httpx.get(name)\n", "load('http://x')", []),
    "a value of the application": ("@functools.lru_cache\ndef load(name): return httpx.get(name)\n", "load(app.title)", []),
    "a thread": ("@functools.lru_cache\ndef load(name): return httpx.get(name)\n", "await run_in_threadpool(load, name)", []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "body", "confidences"), REMEMBERING.values(), ids=list(REMEMBERING))
def test_a_function_that_remembers_runs_for_each_new_value(
    check: Check, source: str, body: str, confidences: list[str]
) -> None:
    """TW001: a memory has an entry for each value that is passed, so what a request sends runs the function once more."""
    served = endpoint(body).replace("show()", "show(name: str)")
    findings = check(HEAD + source + served, "--all", "--select", "TW001").findings
    assert [finding["confidence"] for finding in findings] == confidences


# What a class has for all its objects, and what they do with it.
OF_CLASSES = {
    "a client": ("class Api:\n    client = httpx.Client()\n", "Api().client.get('http://x')", ["TW001"]),
    "a client of what it extends": ("class Base:\n    client = httpx.Client()\nclass Api(Base): pass\n", "Api().client.get('http://x')", ["TW001"]),
    "a service": ("class Mail:\n    def send(self): time.sleep(1)\nclass Api:\n    mail = Mail()\n", "Api().mail.send()", ["TW001"]),
    "a partial method": (
        "class Api:\n    def ask(self, method): httpx.request(method, 'http://x')\n    get = functools.partialmethod(ask, 'GET')\n",
        "Api().get()", ["TW001"],
    ),
    "an asynchronous client": ("class Api:\n    client = httpx.AsyncClient()\n", "await Api().client.get('http://x')", []),
    "an asynchronous client of each object": (
        "class Api:\n    client = httpx.Client()\n    def __init__(self): self.client = httpx.AsyncClient()\n",
        "await Api().client.get('http://x')", [],
    ),
    "what gives something else": (
        "class Given:\n    def __get__(self, held, kind): return 'x'\n    def strip(self): time.sleep(1)\nclass Api:\n    given = Given()\n",
        "Api().given.strip()", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "body", "codes"), OF_CLASSES.values(), ids=list(OF_CLASSES))
def test_what_a_class_has_is_followed(check: Check, source: str, body: str, codes: list[str]) -> None:
    """TW001: a client or a service that a class makes once is the one of all its objects that have no other."""
    assert check(HEAD + source + endpoint(body), "--all", "--select", "TW001").codes == codes


def test_fat_handlers_are_off_by_default(check: Check) -> None:
    """TW019 is checked where it is selected, or with --all."""
    body = "session = make_session()\n" + "session.get(User, 1)\n" * 3 + "if app.debug: print(1)\n" * 45
    source = HEAD + "@app.get('/x')\ndef show() -> int:\n" + "".join(f"    {line}\n" for line in body.splitlines())
    assert check(source).codes == []
    assert check(source, "--select", "TW019").codes == ["TW019"]
    assert check(source, "--all").codes == ["TW019"]


# What is told at a place that calls a plain function: the functions, the endpoint's statement, and the fix.
LOAD = "def load() -> None: time.sleep(1)\n"
REMEDIES = {
    "the call itself": ("", "time.sleep(1)", "await `asyncio.sleep(...)` instead."),
    "a function": (
        LOAD, "load()",
        "await `run_in_threadpool(load, ...)` from typeway.concurrency; "
        "or make `load` an `async def`, await it, and in it await `asyncio.sleep(...)` instead.",
    ),
    "several functions": (
        LOAD + "def read() -> None: load()\n", "read()",
        "await `run_in_threadpool(read, ...)` from typeway.concurrency; "
        "or make `read` and `load` each an `async def`, await them, and in `load` await `asyncio.sleep(...)` instead.",
    ),
    "a method that asks another server": (
        "class Shop:\n    def load(self) -> Any: return httpx.get('http://x')\nshop = Shop()\n", "shop.load()",
        "await `run_in_threadpool(shop.load, ...)` from typeway.concurrency; or make `Shop.load` an `async def`, await it, "
        "and in it use an asynchronous client, such as `httpx.AsyncClient`, and await it.",
    ),
    "a property": (
        "class Shop:\n    @property\n    def state(self) -> str: return str(time.sleep(1))\n", "return Shop().state",
        "await `run_in_threadpool(lambda: Shop().state)` from typeway.concurrency.",
    ),
    "a setter": (
        "class Shop:\n    @property\n    def state(self) -> str: return ''\n"
        "    @state.setter\n    def state(self, value: str) -> None: time.sleep(1)\n",
        "Shop().state = 'open'",
        "await `run_in_threadpool(setattr, Shop(), 'state', ...)` from typeway.concurrency.",
    ),
    "a class": (
        "class Shop:\n    def __init__(self) -> None: time.sleep(1)\n", "Shop()",
        "await `run_in_threadpool(Shop, ...)` from typeway.concurrency.",
    ),
    "a function that is given to another": (
        "def load(x: int) -> None: time.sleep(x)\n", "return list(map(load, [1]))",
        "await `run_in_threadpool(load, ...)` from typeway.concurrency; "
        "or make `load` an `async def`, await it, and in it await `asyncio.sleep(...)` instead.",
    ),
    "a generator": (
        "def each() -> Iterator[int]:\n    time.sleep(1)\n    yield 1\n", "for one in each(): print(one)",
        "make `each` an `async def`, use `each` with `async for`, and in it await `asyncio.sleep(...)` instead.",
    ),
    "a hash, for which nothing is to be awaited": (
        "def digest() -> bytes: return hashlib.scrypt(b'', salt=b'', n=16384, r=8, p=1)\n", "return digest().hex()",
        "await `run_in_threadpool(digest, ...)` from typeway.concurrency.",
    ),
    "somebody at the terminal": ("def ask() -> str: return input()\n", "return ask()", "read it before the application serves requests."),
}  # fmt: skip


@pytest.mark.parametrize(("functions", "body", "fix"), REMEDIES.values(), ids=REMEDIES)
def test_the_fix_is_what_to_do_at_that_place(check: Check, functions: str, body: str, fix: str) -> None:
    """Where a plain function is called, the fix speaks of this function, and not of what blocks somewhere below it."""
    assert check(HEAD + functions + endpoint(body), "--select", "TW001").fixes == [fix]


PACKAGE = """
class Manager:
    async def create(self, name):
        user = await self.save(self.hash(name))
        if name:
            await self.on_after_create(user)
        return user
    async def save(self, user): return user
    async def on_after_create(self, user): ...
    async def on_after_delete(self, user): ...
    def hash(self, name): return name
async def register(name: str, manager): return await manager.create(name)
def router(give):
    from typeway import Depends, Router
    made = Router()
    @made.post('/register')
    async def register(name: str, manager=Depends(give)) -> str: return await manager.create(name)
    @made.get('/look')
    async def look(manager=Depends(give)) -> str: return str(manager.other)
    return made
"""
OWN = (
    "import accounts\nclass Users(accounts.Manager):\n    async def on_after_create(self, user): {}\n"
    "    async def on_after_delete(self, user): {}\n    def hash(self, name): {}\n"
)
CALLED = "users = Users()\n@app.post('/x')\nasync def show(name: str) -> str: return await users.create(name)\n"
GIVEN = "async def give():\n    yield Users()\napp.include_router(accounts.router(give))\n"
HOOKS = {
    "by a method that own code calls": (OWN.format("time.sleep(1)", "...", "return name") + CALLED, 1),
    "a plain one": (OWN.format("...", "...", "hashlib.scrypt(b'', salt=b'', n=2, r=8, p=1)") + CALLED, 1),
    "by an endpoint of the package": (OWN.format("time.sleep(1)", "...", "return name") + GIVEN, 1),
    "not where nothing calls it": (OWN.format("...", "time.sleep(1)", "return name") + CALLED + GIVEN, 0),
    "not where nothing blocks": (OWN.format("...", "...", "return name") + CALLED + GIVEN, 0),
}


@pytest.mark.parametrize(("source", "count"), HOOKS.values(), ids=list(HOOKS))
def test_a_hook_that_another_package_calls_is_followed(
    check: Check, tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch, source: str, count: int
) -> None:
    """TW001: a method of an own class is called by the package whose class it extends."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "accounts.py").write_text(PACKAGE)
    monkeypatch.syspath_prepend(str(folder))
    assert check(HEAD + source, "--all", "--select", "TW001").codes == ["TW001"] * count
