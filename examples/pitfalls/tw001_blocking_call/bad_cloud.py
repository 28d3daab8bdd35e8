"""Bad: boto3 makes its methods at run time, and every one that asks the cloud waits for it."""

import asyncio

from typeway import Typeway

app = Typeway()


def store(name: str, score: int) -> None:
    import boto3  # type: ignore[import-not-found,import-untyped,unused-ignore]  # its import takes half a second

    boto3.resource("dynamodb").Table("scores").put_item(Item={"name": name, "score": score})


@app.put("/scores/{name}", status_code=204)
async def set_score(name: str, score: int) -> None:
    await asyncio.sleep(0)
    store(name, score)
