"""List every rule that an application is checked by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typeway.check.finding import Rule
from typeway.check.rules import answers, dependencies, errors, handlers, loop, models, protection, routes

# In the order of their codes. A rule without a function stands for what the framework refuses by itself.
TABLE: Final = (
    Rule("TW000", "refused-declaration", "The framework refuses a declaration.", None),
    Rule("TW001", "blocking-call", "A call blocks the event loop.", loop.blocking_calls),
    Rule("TW002", "async-in-name", "An async def awaits nothing and blocks.", loop.asynchronous_in_name),
    Rule("TW003", "shadowed-route", "A route can never match.", routes.shadowed_routes),
    Rule("TW004", "duplicate-route", "Method and path are declared twice.", routes.duplicate_routes),
    Rule("TW005", "duplicate-operation-id", "Two endpoints share an operation id.", routes.duplicate_operation_ids),
    Rule("TW006", "overwriting-update", "A partial update overwrites with defaults.", models.overwriting_updates),
    Rule("TW007", "undeclared-answer", "A database row is answered as it is.", answers.undeclared_answers),
    Rule("TW008", "leaking-field", "An answer has a field named like a secret.", models.leaking_fields),
    Rule("TW009", "one-model-for-both", "Clients can set what the server should.", models.one_model_for_both),
    Rule("TW010", "unprotected-write", "A write asks for no credentials.", protection.unprotected_writes),
    Rule("TW011", "unbounded-list", "A list grows with the data.", answers.unbounded_lists),
    Rule("TW012", "unused-dependency", "A dependency's value is never read.", dependencies.unused_dependencies),
    Rule("TW013", "dependency-cycle", "Dependencies need each other.", None),
    Rule("TW014", "outliving-dependency", "A dependency outlives what it needs.", None),
    Rule("TW015", "unguarded-cleanup", "Clean-up is skipped after an error.", dependencies.unguarded_cleanup),
    Rule("TW016", "open-cors", "Every origin may send credentials.", protection.open_cors),
    Rule("TW017", "unhandled-exception", "An exception has no answer.", errors.unhandled_exceptions),
    Rule("TW018", "mutable-default", "Calls share a default that changes.", handlers.mutable_defaults),
    Rule("TW019", "fat-handler", "An endpoint does everything itself.", handlers.fat_handlers),
    Rule("TW020", "doubtful-route", "A route declares what it can hardly mean.", routes.doubtful_routes),
)

RULES: Final[Mapping[str, Rule]] = {rule.code: rule for rule in TABLE}
