"""Good: a background task that is a plain function runs in a thread."""

import smtplib

from typeway import BackgroundTasks, Typeway

app = Typeway()


def send_welcome(address: str) -> None:
    with smtplib.SMTP("localhost") as server:
        server.sendmail("shop@example.com", address, "Welcome!")


@app.post("/users/{address}", status_code=201)
async def register(address: str, tasks: BackgroundTasks) -> dict[str, str]:
    tasks.add_task(send_welcome, address)
    return {"address": address}
