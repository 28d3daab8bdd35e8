"""Find known pitfalls in an application by looking at its declarations, its live objects and its source."""

from typeway.check.finding import Finding
from typeway.check.look import Choice, look, look_at_refusal
from typeway.check.read.files import Files
from typeway.check.rules import RULES, Rule

__all__ = ["RULES", "Choice", "Files", "Finding", "Rule", "look", "look_at_refusal"]
