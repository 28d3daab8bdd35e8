"""List every rule that an application is checked by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from typeway.check.rules import (
    answers,
    coroutines,
    dependencies,
    errors,
    handlers,
    limits,
    loop,
    models,
    origins,
    outliving,
    protection,
    returned,
    routes,
    sessions,
    swallowed,
    tasks,
    unserved,
    updates,
)
from typeway.evidence.finding import Finding
from typeway.evidence.subject import Subject


@dataclass(frozen=True, slots=True)
class Rule:
    """One pitfall to look for.

    Parameters:
        code: "TW" and three digits; it never changes its meaning.
        name: what the pitfall is called, in words joined by hyphens.
        says: one sentence about it, for lists and reports.
        find: yields every place in an application; None for a rule whose findings are errors that the framework itself
            raises, while the application is imported or its endpoints are planned.
        is_on: whether it is checked where nothing is selected.
    """

    code: str
    name: str
    says: str
    find: Callable[[Subject], Iterator[Finding]] | None
    is_on: bool = True


# In the order of their codes.
TABLE: Final = (
    Rule("TW000", "refused-declaration", "The framework refuses a declaration.", None),
    Rule("TW001", "blocking-call", "A call blocks the event loop.", loop.blocking_calls),
    Rule("TW002", "async-in-name", "An async def awaits nothing and blocks.", loop.asynchronous_in_name),
    Rule("TW003", "shadowed-route", "A route can never match.", routes.shadowed_routes),
    Rule("TW004", "duplicate-route", "Method and path are declared twice.", routes.duplicate_routes),
    Rule("TW005", "duplicate-operation-id", "Two endpoints share an operation id.", routes.duplicate_operation_ids),
    Rule("TW006", "overwriting-update", "A partial update overwrites with defaults.", updates.overwriting_updates),
    Rule("TW007", "undeclared-answer", "A database row is returned as it is.", answers.undeclared_answers),
    Rule("TW008", "leaking-field", "A response has a field named like a secret.", models.leaking_fields),
    Rule("TW009", "one-model-for-both", "Clients can set what the server should.", models.one_model_for_both),
    Rule("TW010", "unprotected-write", "A write requires no credentials.", protection.unprotected_writes),
    Rule("TW011", "unbounded-list", "A list grows with the data.", answers.unbounded_lists),
    Rule("TW012", "unused-dependency", "A dependency's value is never read.", dependencies.unused_dependencies),
    Rule("TW013", "dependency-cycle", "Dependencies need each other.", None),
    Rule("TW014", "outliving-dependency", "A dependency outlives what it needs.", outliving.outliving_dependencies),
    Rule("TW015", "unguarded-cleanup", "Clean-up is skipped after an error.", dependencies.unguarded_cleanup),
    Rule("TW016", "open-cors", "Every origin may send credentials.", origins.open_cors),
    Rule("TW017", "unhandled-exception", "No handler answers an exception.", errors.unhandled_exceptions),
    Rule("TW018", "mutable-default", "Calls share a default that changes.", handlers.mutable_defaults),
    Rule("TW019", "fat-handler", "An endpoint does everything itself.", handlers.fat_handlers, is_on=False),
    Rule("TW020", "doubtful-route", "A route declares something that is hardly meant.", routes.doubtful_routes),
    Rule("TW021", "limit-without-ceiling", "A client may ask for any number of items.", limits.limits_without_ceiling),
    Rule("TW022", "dropped-task", "Nothing keeps a task.", tasks.dropped_tasks),
    Rule("TW023", "session-in-background", "A task works with the request's session.", sessions.sessions_in_background),
    Rule("TW024", "unawaited-coroutine", "Nothing awaits a coroutine.", coroutines.unawaited_coroutines),
    Rule("TW025", "shared-session", "Several tasks use one session at once.", tasks.shared_sessions),
    Rule("TW026", "unclosed-session", "A dependency returns a session that nobody closes.", sessions.unclosed_sessions),
    Rule("TW027", "late-commit", "A commit runs after the answer.", sessions.late_commits),
    Rule("TW028", "unserved-router", "Nothing includes a router.", unserved.unserved_routers),
    Rule("TW029", "returned-status", "A status is returned and reaches no client.", returned.returned_statuses),
    Rule("TW030", "swallowed-http-exception", "A handler hides an HTTPException.", swallowed.swallowed_errors),
)

RULES: Final[Mapping[str, Rule]] = {rule.code: rule for rule in TABLE}
