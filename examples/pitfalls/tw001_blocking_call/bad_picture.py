"""Bad: scaling a picture takes a processor for some tenths of a second, and with it the event loop."""

from io import BytesIO

from typeway import Response, Typeway, UploadFile

app = Typeway()


def scaled(picture: bytes) -> bytes:
    from PIL import Image  # type: ignore[import-not-found,unused-ignore]

    smaller = BytesIO()
    Image.open(BytesIO(picture)).resize((200, 200)).save(smaller, "PNG")
    return smaller.getvalue()


@app.post("/pictures/scaled")
async def scale(picture: UploadFile) -> Response:
    return Response(scaled(await picture.read()), media_type="image/png")
