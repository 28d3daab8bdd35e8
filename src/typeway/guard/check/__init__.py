"""Find known pitfalls in an application by looking at its declarations, its live objects and its source."""

from typeway.guard.check.files import Files
from typeway.guard.check.finding import Finding, Rule
from typeway.guard.check.look import Choice, look, look_at_refusal
from typeway.guard.check.rules import RULES

__all__ = ["RULES", "Choice", "Files", "Finding", "Rule", "look", "look_at_refusal"]
