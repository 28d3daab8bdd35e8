"""Find known pitfalls in an application by looking at its declarations, its live objects and its source."""

from typeway.check.look import Choice, look, look_at_refusal
from typeway.check.rules import RULES, Rule
from typeway.evidence.finding import Finding
from typeway.source.files import Files

__all__ = ["RULES", "Choice", "Files", "Finding", "Rule", "look", "look_at_refusal"]
