"""Good: what waits for a lamp is a method, and it can be awaited."""

import asyncio

from typeway import Typeway

app = Typeway()


class Lamp:
    def __init__(self, host: str) -> None:
        self.host = host
        self.brightness = 0

    async def dim(self, value: int) -> None:
        _, writer = await asyncio.open_connection(self.host, 5577)
        writer.write(bytes([0x31, value]))
        await writer.drain()
        writer.close()
        self.brightness = value


lamp = Lamp("lamp.example.com")


@app.put("/lamp/{brightness}")
async def dim(brightness: int) -> dict[str, int]:
    await lamp.dim(brightness)
    return {"brightness": lamp.brightness}
