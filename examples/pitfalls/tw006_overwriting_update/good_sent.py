"""Good: what was not sent has been filled in from what is stored, so the whole model may be written."""

from pydantic import BaseModel

from typeway import Typeway

app = Typeway()


class Settings(BaseModel):
    language: str = "en"
    font_size: int = 12


settings: dict[str, Settings] = {}


def merged(stored: Settings, change: Settings) -> Settings:
    sent = {name: getattr(change, name) for name in change.model_fields_set}
    return stored.model_copy(update=sent)


@app.patch("/settings/{user}")
async def change_settings(user: str, change: Settings) -> dict[str, object]:
    settings[user] = merged(settings.get(user, Settings()), change)
    return settings[user].model_dump()
