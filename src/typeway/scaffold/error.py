"""Define the error of whatever cannot be made, added or merged."""


class ScaffoldError(Exception):
    """Nothing was changed; the message is one line that says what is wrong and what to do."""
