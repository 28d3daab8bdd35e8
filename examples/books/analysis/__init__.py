"""Compare `async def` with `def`: the same wait in three kinds of endpoint, on a real server."""
