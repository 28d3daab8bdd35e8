"""The catalogue of what blocks: what waits is found, and what is near to it but does not wait is left alone."""

import sys
from types import ModuleType

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from typeway.watch.blocking import UNKNOWN, cause_of
from typeway.watch.catalogue import listed

APP = """
from typing import Any
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typeway import Typeway

app = Typeway()
jobs: queue.Queue[str] = queue.Queue()
ready = threading.Event()
pool = ThreadPoolExecutor()

async def pause() -> None: ...

@app.put('/x')
async def show(name: str, data: bytes = b'') -> Any:
    await pause()
"""


def application(body: str) -> str:
    return APP + "".join(f"    {line}\n" for line in body.splitlines())


WAITS = {
    # What hangs below a client, by attributes, calls and keys.
    "OpenAI": ("import openai\nopenai.OpenAI().chat.completions.create(model='x')", "openai.OpenAI.chat.completions.create()"),
    "options of OpenAI": ("import openai\nopenai.OpenAI().with_options(timeout=9).responses.create()", "waits for another server"),
    "Twilio": ("from twilio.rest import Client\nClient('x', 'y').messages('z').fetch()", "twilio.rest.Client.messages().fetch()"),
    "Mistral": ("from mistralai import Mistral\nMistral().chat.complete(model='x')", "Mistral.chat.complete()"),
    "Cohere": ("import cohere\ncohere.ClientV2().chat(model='x')", "ClientV2.chat()"),
    "a blob of Google": ("from google.cloud import storage\nstorage.Client().bucket('x').blob('y').upload_from_string('z')",
                         "upload_from_string() waits for another server"),
    "Typesense": ("import typesense\ntypesense.Client({}).collections['x'].documents.search({})", "documents.search()"),
    "XML-RPC": ("import xmlrpc.client\nxmlrpc.client.ServerProxy('http://x').stock.read(name)", "stock.read()"),
    # What a call or a key gives.
    "GitHub": ("from github import Github\nGithub().get_repo('x').get_issue(1)", "Repository.get_issue()"),
    "Meilisearch": ("import meilisearch\nmeilisearch.Client('x').index('y').search(name)", "Index.search()"),
    "DuckDB": ("import duckdb\nduckdb.sql('SELECT 1').fetchall()", "DuckDBPyRelation.fetchall()"),
    "InfluxDB": ("import influxdb_client\ninfluxdb_client.InfluxDBClient('x').write_api().write(bucket='x')", "WriteApi.write()"),
    "a body of S3": ("import boto3\nbody = boto3.client('s3').get_object(Bucket='x', Key=name)['Body']\nbody.read()", "get_object()"),
    "pages of S3": ("import boto3\nfor page in boto3.client('s3').get_paginator('x').paginate(): print(page)", "iterating Paginator.paginate()"),
    "SQLAlchemy's connection": ("from sqlalchemy.orm import Session\nSession().connection()", "Session.connection()"),
    "a pool of psycopg": ("from psycopg_pool import ConnectionPool\nwith ConnectionPool('x').connection() as c: print(c)",
                          "ConnectionPool.connection()"),
    # What waits while it is iterated or entered.
    "a cursor": ("from pymongo import MongoClient\nfor each in MongoClient('x')['y']['z'].find(): print(each)", "iterating cursor"),
    "a cursor in a comprehension": ("from pymongo import MongoClient\n[e for e in MongoClient('x').y.z.find()]", "iterating cursor"),
    "a cursor in a list": ("from pymongo import MongoClient\nlist(MongoClient('x').y.z.find())", "iterating cursor"),
    "keys of redis": ("import redis\nfor key in redis.Redis().scan_iter('x'): print(key)", "iterating Redis.scan_iter()"),
    "messages of redis": ("import redis\nfor key in redis.Redis().pubsub().listen(): print(key)", "iterating PubSub.listen()"),
    "a lock of redis": ("import redis\nwith redis.Redis().lock('x'): print(1)", "`with redis.Redis().lock('x')` waits for the database"),
    "a lock of files": ("from filelock import FileLock\nwith FileLock('x'): print(1)", "waits until another process releases the lock"),
    "a scan of Elasticsearch": ("from elasticsearch import helpers\nfor hit in helpers.scan(None): print(hit)", "iterating scan()"),
    "results of a pool": ("list(pool.map(sorted, [data]))", "Executor.map()"),
    # Threads: a limit of seconds is none.
    "a queue": ("jobs.get()", "Queue.get()"),
    "a queue with a limit": ("jobs.get(timeout=5)", "Queue.get()"),
    "an event with a limit": ("ready.wait(5)", "Event.wait()"),
    # Functions and classes.
    "curl": ("import pycurl\ncurl = pycurl.Curl()\ncurl.perform()", "Curl.perform()"),
    "a task of Celery": ("from celery.result import AsyncResult\nAsyncResult('x').get()", "AsyncResult.get()"),
    "a record of Kafka": ("import kafka\nproducer = app.state.producer or kafka.KafkaProducer()\nproducer.send('x').get()", "KafkaProducer"),
    "Confluent": ("from confluent_kafka import Producer\nProducer({}).flush()", "Producer.flush()"),
    "DNS": ("import dns.resolver\ndns.resolver.Resolver().resolve(name, 'TXT')", "Resolver.resolve()"),
    "a certificate": ("import ssl\nssl.get_server_certificate(('x', 443))", "ssl.get_server_certificate()"),
    "a clone": ("import git\ngit.Repo.clone_from('x', 'y')", "git.Repo.clone_from() waits for another process"),
    "a share of processors": ("import psutil\npsutil.cpu_percent(interval=1)", "psutil.cpu_percent() waits for time to pass"),
    "a connection of SMTP": ("import smtplib\nsmtplib.SMTP('localhost')", "SMTP() waits for the network"),
    "a table of Excel": ("import openpyxl\nopenpyxl.load_workbook('x')", "openpyxl.load_workbook()"),
    "a document": ("import docx\ndocx.Document(name)", "docx.Document()"),
    "text of a PDF": ("import pypdf\n[page.extract_text() for page in pypdf.PdfReader('x').pages]", "extract_text()"),
    "a PDF": ("import pypdf\npypdf.PdfReader(name)", "PdfReader()"),
    "text of one page": ("import pypdf\npypdf.PdfReader(name).pages[0].extract_text()", "extract_text()"),
    "tables of a PDF": ("import pdfplumber\npdfplumber.open(name)", "pdfplumber.open()"),
    "a document as Markdown": ("from markitdown import MarkItDown\nMarkItDown().convert(name)", "MarkItDown.convert()"),
    "a stream as Markdown": ("import markitdown\nmarkitdown.MarkItDown().convert_stream(data)", "MarkItDown.convert_stream()"),
    "a request by RabbitMQ": ("from neon_mq_connector.utils.client_utils import send_mq_request\nsend_mq_request('/x', {}, 'y')", "send_mq_request()"),
    "a condition": ("threading.Condition().wait()", "Condition.wait()"),
    "a condition of its own": ("threading.Condition().wait_for(print)", "Condition.wait_for()"),
    "a thread": ("threading.Thread(target=print).join()", "Thread.join()"),
    "values of a cursor": ("from pymongo import MongoClient\n[e for e in MongoClient('x').y.z.distinct('e')]", "Collection.distinct()"),
    "compression": ("import gzip\ngzip.compress(data)", "gzip.compress()"),
    "a model": ("import joblib\njoblib.load('x')", "joblib.load()"),
    # Names that are asked for, and what a call returns in a tuple.
    "a method by its name": ("import requests\ngetattr(requests, name)('http://x')", "requests.request()"),
    "a method of a session by its name": ("import requests\ngetattr(requests.Session(), name.lower())('http://x')", "Session.request()"),
    "a method of a client by its name": ("import httpx\ngetattr(httpx.Client(), name)('http://x')", "Client.request()"),
    "a name that is written out": ("import time\ngetattr(time, 'sleep')(1)", "time.sleep()"),
    "part of a tuple": ("import boto3\ndef made(): return boto3.client('s3'), name\nclient, given = made()\nclient.list_buckets()", "list_buckets()"),
    "part of a tuple by its place": ("import boto3\nmade = (name, boto3.client('s3'))\nmade[1].list_buckets()", "list_buckets()"),
    "part of what a package returns": ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nfig.savefig('x')", "Figure.savefig()"),
    # Classes whose names fit.
    "a client of Google": ("from google.cloud import vision\nvision.ImageAnnotatorClient().label_detection(image=data)", "label_detection()"),
    "a client of Azure": ("from azure.communication.email import EmailClient\nEmailClient('x').begin_send({})", "EmailClient.begin_send()"),
    "an API of Kubernetes": ("from kubernetes import client\nclient.PolicyV1Api().list_namespaced_pod_disruption_budget('x')", "PolicyV1Api"),
    # More packages.
    "RunPod": ("import runpod\nrunpod.Endpoint('x').run_sync({})", "Endpoint.run_sync()"),
    "a job of RunPod": ("import runpod\njob = runpod.Endpoint('x').run({})", "Endpoint.run()"),
    "a sound": ("from pydub import AudioSegment\nAudioSegment.from_file(name)", "AudioSegment.from_file()"),
    "a page of HTML": ("import lxml.html\nlxml.html.fromstring(data)", "lxml.html.fromstring()"),
    "FITS": ("from astropy.io import fits\nfits.open(name)", "astropy.io.fits.open()"),
    "whether a task of Celery is done": ("from celery.result import AsyncResult\nAsyncResult('x').ready()", "AsyncResult.ready()"),
    "a chain of LangChain": ("from langchain_openai import ChatOpenAI\nChatOpenAI().bind_tools([]).invoke(name)", "RunnableSequence.invoke()"),
    "documents of LlamaIndex": ("from llama_index.core import SimpleDirectoryReader\nSimpleDirectoryReader('x').load_data()", "load_data()"),
    "a bus of Azure": ("from azure.servicebus import ServiceBusClient\nServiceBusClient('x').get_queue_sender('y').send_messages([])", "send_messages()"),
    "Firestore of Firebase": ("from firebase_admin import firestore\nfirestore.client().collection('x').document('y').get()", "document().get()"),
    "a scraper": ("import cloudscraper\ncloudscraper.create_scraper().get('http://x')", "Session.get()"),
    "curl as a browser": ("from curl_cffi import requests\nrequests.get('http://x')", "curl_cffi.requests.get()"),
    "a browser": ("from selenium import webdriver\ndriver = webdriver.Chrome()", "Chrome()"),
    "a video": ("import ffmpeg\nffmpeg.input(name).output('y').run()", "run() waits for another process"),
    "a pool of processes": ("import multiprocessing\nmultiprocessing.Pool(2).map(sorted, [data])", "Pool.map()"),
    "a message of Kafka": ("from confluent_kafka import Consumer\nConsumer({}).poll(1.0)", "Consumer.poll()"),
    "a mail of Resend": ("import resend\nresend.Emails.send({})", "Emails.send()"),
    "a place": ("from geopy.geocoders import Nominatim\nNominatim(user_agent='x').geocode(name)", "Nominatim.geocode()"),
    "what is told before the end": ("import sentry_sdk\nsentry_sdk.flush()", "sentry_sdk.flush()"),
    "a key": ("from cryptography.hazmat.primitives.asymmetric import rsa\nrsa.generate_private_key(65537, 4096)", "generate_private_key()"),
    "a result of an application of Celery": ("from celery import Celery\nCelery('x').AsyncResult('y').get()", "AsyncResult.get()"),
    "the state of a task of Celery": ("from celery.result import AsyncResult\nstate = AsyncResult('x').status", "AsyncResult.status waits"),
    "workers of Celery": ("from celery import Celery\nCelery('x').control.inspect().active()", "Inspect.active()"),
    "a chain that is made here": (("from langchain_core.runnables import RunnableSequence\nfrom langchain_openai import ChatOpenAI\n"
                                  "chain = name | ChatOpenAI()\nchain.invoke(name)"), "RunnableSequence.invoke()"),
    "what a stack enters": (("import contextlib\nimport httpx\nwith contextlib.ExitStack() as stack:\n"
                            "    stack.enter_context(httpx.Client()).get('http://x')"), "Client.get()"),
    "a sheet of Excel": ("import pandas\npandas.ExcelFile(name)", "pandas.ExcelFile()"),
    "a video of the web": ("import yt_dlp\nyt_dlp.YoutubeDL({}).extract_info(name)", "YoutubeDL.extract_info()"),
}  # fmt: skip

QUIET = {
    "signing": "import boto3\nboto3.client('s3').generate_presigned_url('get_object')",
    "a paginator": "import boto3\nboto3.client('s3').get_paginator('list_objects_v2')",
    "the errors of a client": "import boto3\nboto3.client('s3').exceptions.NoSuchKey()",
    "options alone": "import openai\nopenai.OpenAI().with_options(timeout=9)",
    "an asynchronous part": "from google import genai\nreturn pause(), genai.Client().aio.models.generate_content()",
    "a chat that is not used": "from google import genai\ngenai.Client().chats.create(model='x')",
    "the address of a blob": "from google.cloud import storage\nstorage.Client().bucket('x').blob('y').generate_signed_url()",
    "a cursor that nobody reads": "from pymongo import MongoClient\nMongoClient('x').y.z.find().limit(5)",
    "an asynchronous cursor": "from pymongo import AsyncMongoClient\n[e async for e in AsyncMongoClient('x').y.z.find()]",
    "values of an asynchronous cursor": "from motor.motor_asyncio import AsyncIOMotorClient\n"
    "for e in await AsyncIOMotorClient('x')['y']['z'].find({}).distinct('e'): print(e)",
    "values of PyMongo's asynchronous cursor": "from pymongo import AsyncMongoClient\n[e for e in await AsyncMongoClient('x').y.z.find().distinct('e')]",
    "values with a name": "from pymongo import AsyncMongoClient\nfound = await AsyncMongoClient('x').y.z.find().distinct('e')\nprint(list(found))",
    "documents of an asynchronous cursor": "from pymongo import AsyncMongoClient\n"
    "for e in await AsyncMongoClient('x').y.z.find().sort('e').to_list(9): print(e)",
    "an asynchronous redis": "import redis.asyncio\nreturn redis.asyncio.Redis().scan_iter('x')",
    "a queue without waiting": "jobs.get_nowait()\njobs.get(False)\njobs.get(block=False)",
    "a moment": "ready.wait(0.01)\nready.wait(timeout=0)",
    "no interval": "import psutil\npsutil.cpu_percent()\npsutil.cpu_percent(interval=None)",
    "no server yet": "import smtplib\nsmtplib.SMTP()",
    "a new document": "import docx\ndocx.Document()",
    "a client alone": "import cohere\ncohere.ClientV2('x')",
    "a client of Google alone": "from google.cloud import pubsub_v1\npubsub_v1.SubscriberClient().subscription_path('x', 'y')",
    "a path of Google": "from google.cloud import vision\nvision.ImageAnnotatorClient().product_path('x', 'y', 'z')",
    "an asynchronous client of Google": "from google.cloud import vision\nvision.ImageAnnotatorAsyncClient().label_detection()",
    "a client of Azure that gives another": "from azure.data.tables import TableServiceClient\nTableServiceClient('x').get_table_client('y')",
    "an asynchronous client of Azure": "from azure.communication.email.aio import EmailClient\nreturn EmailClient('x').begin_send({})",
    "an asynchronous method by its name": "import httpx\nawait getattr(httpx.AsyncClient(), name)('http://x')",
    "an attribute by its name": "import requests\ngetattr(requests, 'codes')",
    "a method of something else by its name": "import builtins\ngetattr(builtins, name)(data)",
    "the other part of a tuple": "import boto3\nmade = (app, boto3.client('s3'))\nmade[0].list_buckets()",
    "a prompt": "from langchain_core.prompts import PromptTemplate\nPromptTemplate.from_template('x').invoke({})",
    "a stream of FFmpeg": "import ffmpeg\nffmpeg.input('x').output('y').run_async()",
    "a consumer that does not wait": "from confluent_kafka import Consumer\nConsumer({}).poll(0)",
    "the name of a task of Celery": "from celery.result import AsyncResult\nAsyncResult('x').id",
    "a state of something else": "app.state.status\nready.status",
    "sets of both": "print({1} | {2})",
    "what an asynchronous stack enters": "import contextlib\nimport httpx\nasync with contextlib.AsyncExitStack() as stack:\n"
    "    client = await stack.enter_async_context(httpx.AsyncClient())\n    await client.get('http://x')",
    "a flag in memory": "import posthog\nposthog.Posthog('x').capture('y')",
}


@pytest.mark.parametrize(("body", "message"), WAITS.values(), ids=list(WAITS))
def test_what_waits_is_found(check: Check, body: str, message: str) -> None:
    """What the usual packages wait for is found once and named as it is imported, also where they are not installed."""
    (finding,) = check(application(body), "--all", "--select", "TW001").findings
    assert message in str(finding["message"])


@pytest.mark.parametrize("body", QUIET.values(), ids=list(QUIET))
def test_what_does_not_wait_is_left_alone(check: Check, body: str) -> None:
    """Signing, preparing, asynchronous twins and waiting for a moment are nothing to report."""
    assert check(application(body), "--all", "--select", "TW001").codes == []


# Packages as they are when they are loaded: what defines something, what has it under its usual name, and a use of that.
LOADED = {
    "a class with another name at home": (
        {"notion_client._sync": "class SyncClient: ...", "notion_client": "from notion_client._sync import SyncClient as Client"},
        "import notion_client\nnotion_client.Client().pages.retrieve('x')", ["pages.retrieve()"],
    ),
    "what a client keeps since it was made": (
        {"notion_client": "class Pages:\n    def retrieve(self, id): ...\nclass Client:\n    def __init__(self): self.pages = Pages()"},
        "notion.pages.retrieve('x')", ["pages.retrieve()"],
    ),
    "what an asynchronous client keeps": (
        {"notion_client": "class Client: ...\nclass Pages: ...\nclass AsyncClient(Client):\n    def __init__(self): self.pages = Pages()"},
        "import notion_client\nnotion_client.AsyncClient().pages.retrieve('x')", [],
    ),
    "a function with another name at home": (
        {"duckdb._all": "class Relation: ...\ndef module_sql(text): ...", "duckdb": "from duckdb._all import module_sql as sql"},
        "import duckdb\nduckdb.sql('SELECT 1').fetchall()", ["DuckDBPyRelation.fetchall()"],
    ),
    "a function that a package looks up for everybody": (
        {"huggingface_hub.hub": "def hf_hub_download(name): ...",
         "huggingface_hub": "import sys\ndef __getattr__(name):\n"
         "    if name.startswith('__'): raise AttributeError(name)\n    return vars(sys.modules['huggingface_hub.hub'])[name]"},
        "download(name)", ["hf_hub_download()"],
    ),
    "a client that is made by another way": (
        {"azure": "", "azure.servicebus": "class ServiceBusClient:\n    @classmethod\n    def from_connection_string(cls, text): return cls()"},
        "import azure.servicebus\nazure.servicebus.ServiceBusClient.from_connection_string('x').get_queue_sender('y').send_messages([])",
        ["send_messages()"],
    ),
    "a client whose home has a version": (
        {"google.cloud.vision_v1.services.annotator.client": "class ImageAnnotatorClient:\n    def label_detection(self): ...\n"
         "    @staticmethod\n    def product_path(name): ..."},
        ("from google.cloud.vision_v1.services.annotator.client import ImageAnnotatorClient as Client\n"
        "Client.product_path('x')\nClient().label_detection()"), ["ImageAnnotatorClient.label_detection()"],
    ),
}  # fmt: skip
STARTS = {
    "what a client keeps since it was made": "import notion_client\nnotion = notion_client.Client()\n",
    "a function that a package looks up for everybody": "from huggingface_hub import hf_hub_download as download\n",
}


@pytest.mark.parametrize("case", LOADED)
def test_what_is_loaded_is_known_wherever_it_is_defined(
    check: Check, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """Packages define their classes in modules of their own, under names of their own, and make parts of a client with it."""
    packages, body, expected = LOADED[case]
    for name, source in packages.items():
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        module.__path__ = []
        exec(compile(source, f"<{name}>", "exec"), vars(module))
        outer, _, inner = name.rpartition(".")
        if outer in sys.modules:
            monkeypatch.setattr(sys.modules[outer], inner, module, raising=False)
    findings = check(
        application(body).replace("\n@app", f"\n{STARTS.get(case, '')}@app"), "--all", "--select", "TW001"
    ).findings
    assert [text for finding in findings for text in expected if text in str(finding["message"])] == expected, findings
    assert len(findings) == len(expected)


STARTED = (
    "import subprocess\ntask, other = pool.submit(print), pool.submit(print)\nthread = threading.Thread(target=print)\n"
)
STARTED += "process = subprocess.Popen(['x'])\n"
ASKED = {
    "what is done": ("if task.done() and name: task.result()", False),
    "what is waited for by looking": ("while not task.done(): await pause()\ntask.result()", False),
    "what ends the loop": ("while True:\n    if task.done(): break\n    await pause()\ntask.exception()", False),
    "what leaves where nothing is done": ("if not task.done(): return\ntask.result()", False),
    "the done of a list": ("[each.result() for each in [task] if each.done()]", False),
    "all that is in a queue": ("while not jobs.empty(): print(jobs.get())", False),
    "a queue by its length": ("if jobs.qsize() > 0: jobs.get()", False),
    "a place in a queue": ("if not jobs.full(): jobs.put(name)", False),
    "a thread that has ended": ("while thread.is_alive(): await pause()\nthread.join()", False),
    "an event that is there": ("if ready.is_set(): ready.wait()", False),
    "a process by its name": ("while (code := process.poll()) is None: await pause()\nprocess.communicate()", False),
    "a process that has a code": ("if process.poll() is not None: process.wait()", False),
    "what is not done": ("if not task.done(): task.result()", True),
    "what only says so": ("if not task.done(): print(name)\ntask.result()", True),
    "another": ("if other.done(): task.result()", True),
    "an empty queue": ("if jobs.empty(): jobs.get()", True),
    "after all of a queue": ("while not jobs.empty(): await pause()\njobs.get()", True),
    "another question": ("while not jobs.full(): jobs.get()", True),
    "a loop that may end early": (
        "while not task.done():\n    await pause()\n    if name: break\ntask.result()", True),
    "a loop that ends for two reasons": (
        "while True:\n    if task.done(): break\n    if name: break\n    await pause()\ntask.result()", True),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_what_is_there_is_not_waited_for(check: Check, case: str) -> None:
    """Code that asks first whether there is anything to wait for does not wait."""
    body, waits = ASKED[case]
    assert check(application(STARTED + body), "--all", "--select", "TW001").codes == ["TW001"] * waits


def test_every_entry_has_a_cause() -> None:
    """Each line of the catalogue belongs to a package of a section, so that a finding says what is waited for."""
    assert [
        owner for owner in listed().entries if cause_of(owner) is UNKNOWN and owner not in ("builtins", "time")
    ] == []
