"""Good: a thread waits for the cloud."""

from typeway import Typeway
from typeway.concurrency import run_in_threadpool

app = Typeway()


def store(name: str, score: int) -> None:
    import boto3  # type: ignore[import-not-found,import-untyped,unused-ignore]  # its import takes half a second

    boto3.resource("dynamodb").Table("scores").put_item(Item={"name": name, "score": score})


@app.put("/scores/{name}", status_code=204)
async def set_score(name: str, score: int) -> None:
    await run_in_threadpool(store, name, score)
