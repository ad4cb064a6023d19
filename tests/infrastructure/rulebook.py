"""The list that rules put themselves on."""

from collections.abc import Callable, Iterator

from template import Template

Rule = Callable[[Template], Iterator[str]]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Puts a rule on the list."""
    RULES.append(check)
    return check
