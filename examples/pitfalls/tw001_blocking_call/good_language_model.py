"""Good: the asynchronous client of the language model is awaited."""

from typeway import Typeway

app = Typeway()


async def summary_of(text: str) -> str:
    from openai import AsyncOpenAI  # type: ignore[import-not-found]  # its import takes a second

    answer = await AsyncOpenAI().responses.create(model="gpt-5", instructions="Summarize in a sentence.", input=text)
    return str(answer.output_text)


@app.get("/summaries")
async def summarize(text: str) -> dict[str, str]:
    return {"summary": await summary_of(text)}
