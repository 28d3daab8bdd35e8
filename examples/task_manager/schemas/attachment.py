"""The models of attachments."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class AttachmentResponse(BaseModel):
    """An attachment in a response, without its content."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    task_id: int
    name: str
    content_type: str
    size: int
    created_at: datetime
