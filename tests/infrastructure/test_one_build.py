"""Both functions share one build of every dependency.

What one of them wants with other features is built twice, and all that stands on it: up to half of a release build.
"""

import re
import subprocess

from bill_of_materials import FUNCTIONS, TARGET
from template import ROOT

# What each function gets from Lambda is another event, and nothing stands on those but the functions.
OWN = {"aws_lambda_events"}
LINE = re.compile(r"(?P<name>\S+) v(?P<version>\S+)[^|]*\|(?P<features>[^|]*)\|")


def features(function: str) -> dict[tuple[str, str], str]:
    """The features of every crate of a function, those of its build scripts and macros included."""
    command = ["cargo", "tree", "--locked", "--package", function, "--edges", "normal,build"]
    command += ["--target", TARGET, "--prefix", "none", "--format", "{p}|{f}|"]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = [LINE.match(line) for line in tree.splitlines()]
    return {(line["name"], line["version"]): line["features"] for line in found}


def test_both_functions_want_the_same_features_of_what_they_share() -> None:
    one, other = (features(function) for function in FUNCTIONS)
    shared = one.keys() & other.keys()
    assert len(shared) >= 100
    assert {name for name, version in shared if one[name, version] != other[name, version]} == OWN
