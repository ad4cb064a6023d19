"""What the code tells: the metrics each function counts, and the fields and messages of its log lines."""

import re
from functools import cache
from pathlib import Path

from template import ROOT

# What the functions share, and who runs it.
SHARED = {
    "Ingest": ["platform", "models"],
    "Responder": ["ai", "braze", "conversation", "desk", "platform", "models", "store"],
}
# What the logger and CloudWatch put into every line, and Lambda into its own (Telemetry API: platform.report).
GIVEN = {"timestamp", "level", "message", "@timestamp", "@message", "@log", "@logStream", "type", "record.status"}
MACRO = re.compile(r"tracing::(?:error|warn|info|debug)(_span)?!\(")
LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')


def sources(function: str) -> list[Path]:
    """The code that a function runs, its tests left out as far as they stand apart."""
    folders = [ROOT / "functions" / function.lower() / "src"]
    folders += [ROOT / "shared" / crate / "src" for crate in SHARED[function]]
    return [file for folder in folders for file in folder.rglob("*.rs") if file.name != "tests.rs"]


@cache
def known_metrics() -> frozenset[str]:
    """The metrics there are."""
    source = (ROOT / "shared/platform/src/metrics.rs").read_text()
    return frozenset(re.findall(r"^    (\w+),$", source, re.MULTILINE))


@cache
def counted(function: str) -> frozenset[str]:
    """The metrics that a function counts."""
    files = (file for file in sources(function) if file.name != "metrics.rs")
    return frozenset(name for file in files for name in re.findall(r"\bMetric::(\w+)", file.read_text()))


@cache
def logged() -> tuple[frozenset[str], frozenset[str]]:
    """The fields that some line of a log has, and the messages of the lines."""
    fields, messages = set(GIVEN), set()
    for file in {file for function in SHARED for file in sources(function)}:
        text = file.read_text()
        for macro in MACRO.finditer(text):
            arguments = inside(text, macro.end())
            within = "span." if macro.group(1) else ""
            literals = LITERAL.findall(arguments)
            messages |= {literals[-1][1:-1]} if literals and not within else set()
            for argument in split(LITERAL.sub('""', arguments)):
                name = re.match(r"[%?]?(\w+(?:\.\w+)*)(?:\s*=|$)", argument)
                if name:
                    fields.add(within + name.group(1))
    return frozenset(fields), frozenset(messages)


def inside(text: str, start: int) -> str:
    """What stands between the parenthesis that opens before `start` and the one that closes it."""
    depth, place = 1, start
    while depth:
        literal = LITERAL.match(text, place)
        if literal:
            place = literal.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        place += 1
    return text[start : place - 1]


def split(arguments: str) -> list[str]:
    """Arguments at the commas that no bracket holds."""
    parts, depth = [""], 0
    for character in arguments:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
