"""Bad: while a language model writes, nobody else gets an answer; its client that waits has the shorter name."""

import asyncio

from typeway import Typeway

app = Typeway()


def summary_of(text: str) -> str:
    from openai import OpenAI  # type: ignore[import-not-found]  # its import takes a second

    answer = OpenAI().responses.create(model="gpt-5", instructions="Summarize in a sentence.", input=text)
    return str(answer.output_text)


@app.get("/summaries")
async def summarize(text: str) -> dict[str, str]:
    await asyncio.sleep(0)
    return {"summary": summary_of(text)}
