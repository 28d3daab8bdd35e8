"""Good: a thread scales the picture."""

from io import BytesIO

from typeway import Response, Typeway, UploadFile
from typeway.concurrency import run_in_threadpool

app = Typeway()


def scaled(picture: bytes) -> bytes:
    from PIL import Image  # type: ignore[import-not-found,unused-ignore]

    smaller = BytesIO()
    Image.open(BytesIO(picture)).resize((200, 200)).save(smaller, "PNG")
    return smaller.getvalue()


@app.post("/pictures/scaled")
async def scale(picture: UploadFile) -> Response:
    return Response(await run_in_threadpool(scaled, await picture.read()), media_type="image/png")
