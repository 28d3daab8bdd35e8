"""Bad: an assignment sends a command to a lamp and waits for its answer."""

import asyncio
import socket

from typeway import Typeway

app = Typeway()


class Lamp:
    def __init__(self, host: str) -> None:
        self.host = host
        self._brightness = 0

    @property
    def brightness(self) -> int:
        return self._brightness

    @brightness.setter
    def brightness(self, value: int) -> None:
        with socket.create_connection((self.host, 5577)) as connection:
            connection.sendall(bytes([0x31, value]))
        self._brightness = value


lamp = Lamp("lamp.example.com")


@app.put("/lamp/{brightness}")
async def dim(brightness: int) -> dict[str, int]:
    await asyncio.sleep(0)
    lamp.brightness = brightness
    return {"brightness": lamp.brightness}
