"""fastapi-websocket-pubsub: topics over one WebSocket, whose endpoint calls into the application's objects."""

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi_websocket_pubsub import PubSubClient, PubSubEndpoint

app = FastAPI()
endpoint = PubSubEndpoint()
endpoint.register_route(app, path="/pubsub")


@app.post("/notes/{text}")
async def note(text: str) -> str:
    await endpoint.publish(["notes"], data={"text": text})
    return text


async def talk() -> Any:
    import httpx

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    heard: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(data: Any, topic: str) -> None:
        await heard.put((topic, data))

    client = PubSubClient()
    client.subscribe("notes", hear)
    client.start_client(f"ws://127.0.0.1:{port}/pubsub")
    await client.wait_until_ready()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        answers = [(await http.post(f"/notes/{text}")).json() for text in ("tea", "jam")]
    seen = [await asyncio.wait_for(heard.get(), 30) for _ in answers]
    await client.disconnect()
    server.should_exit = True
    await serving
    return {"answers": answers, "seen": seen}


def play() -> Any:
    return {**asyncio.run(talk()), "openapi": app.openapi()}
