"""Define every default text that a client or a test may compare: these strings are part of the interface."""

from typing import Final

# The `detail` of the default responses; down to the 500 they are the reason phrases of RFC 9110 section 15.
NOT_FOUND: Final = "Not Found"
METHOD_NOT_ALLOWED: Final = "Method Not Allowed"
UNSUPPORTED_MEDIA_TYPE: Final = "Unsupported Media Type"
CONTENT_TOO_LARGE: Final = "Content Too Large"
INTERNAL_SERVER_ERROR: Final = "Internal Server Error"
BODY_PARSE_ERROR: Final = "There was an error parsing the body"
CUT_OFF: Final = "The form ends before its last boundary"
MANY_PARAMETERS: Final = "The query has more than {:,} parameters"
MANY_HEADERS: Final = "The request has more than {:,} headers"
MANY_COOKIES: Final = "The request has more than {:,} cookies"
NOT_AUTHENTICATED: Final = "Not authenticated"

# The parts of a validation error that do not come from Pydantic: (type, msg).
JSON_INVALID: Final = ("json_invalid", "JSON decode error")
MISSING: Final = ("missing", "Field required")
UNUSABLE: Final = ("unusable_value", "Input cannot be used, it causes a {error}")
REFUSED_BEFORE: Final = ("union_refused", "Input fits no member of the union, as other errors say")

# The descriptions that the generated document uses where the author gave none.
SUCCESSFUL_RESPONSE: Final = "Successful Response"
VALIDATION_ERROR: Final = "Validation Error"

# What a message in a terminal ends with: the command that prints the pages of rules; their codes, separated by spaces.
READ_MORE: Final = "Read more: typeway explain {}"
