"""Offer the functions that write parameter markers and dependencies in signatures under FastAPI's path."""

from typeway.declare.mark import Body as Body
from typeway.declare.mark import Cookie as Cookie
from typeway.declare.mark import Depends as Depends
from typeway.declare.mark import File as File
from typeway.declare.mark import Form as Form
from typeway.declare.mark import Header as Header
from typeway.declare.mark import Path as Path
from typeway.declare.mark import Query as Query
from typeway.declare.mark import Security as Security
