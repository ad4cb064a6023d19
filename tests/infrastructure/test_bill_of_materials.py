"""The bills of materials: well-formed, complete, and without what must not come in."""

import copy
import json
import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bill_of_materials import FUNCTIONS, lock, written
from emulator import BUILT
from template import ROOT

Bill = dict[str, Any]
# Crates name themselves in a binary: where their code may panic, the place is told.
PLACE = re.compile(rb"/registry/src/[^/]+/([\w-]+?)-(\d+\.\d+\.\d+[^/]*)/")
# What only the sandbox and the tests use.
NOT_DEPLOYED = {"redb", "axum", "clap", "liquid", "proptest"}


def crates(bill: Bill) -> set[tuple[str, str]]:
    return {(component["name"], component["version"]) for component in bill["components"]}


def unlocked(bill: Bill) -> Iterator[str]:
    """Components that Cargo.lock does not have, or has with another checksum."""
    locked = lock()
    for component in bill["components"]:
        name, version = component["name"], component["version"]
        hashes = [one["content"] for one in component.get("hashes", [])]
        expected = locked.get((name, version), "none")
        if hashes != ([expected] if expected else []):
            yield f"{name} {version} is not what Cargo.lock says"


def forbidden(bill: Bill) -> Iterator[str]:
    """Components that deny.toml keeps out, and those that are not for the functions."""
    bans = tomllib.loads((ROOT / "deny.toml").read_text())["bans"]["deny"]
    for ban in bans:
        name, _, banned = ban["crate"].partition("@")
        for _, version in (crate for crate in crates(bill) if crate[0] == name):
            if not banned or version.startswith(f"{banned}."):
                yield f"{name} {version}: {ban['reason']}"
    for name in sorted(NOT_DEPLOYED & {name for name, _ in crates(bill)}):
        yield f"{name} is for the sandbox and the tests"


def unlisted(bill: Bill, binary: bytes) -> Iterator[str]:
    """Crates that name themselves in the binary and are not in its bill."""
    named = {(name.decode(), version.decode()) for name, version in PLACE.findall(binary)}
    assert len(named) >= 50, "the binary does not tell what it is made of"
    yield from (f"{name} {version} is not in the bill" for name, version in sorted(named - crates(bill)))


def binary(function: str) -> bytes:
    return (BUILT.parent / function.capitalize() / "bootstrap").read_bytes()


@pytest.fixture(scope="module", params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def bill(function: str) -> Bill:
    return json.loads(written(function))


def test_it_is_cyclonedx(bill: Bill) -> None:
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))
    assert wrong is None, wrong.data.message


def test_every_component_is_in_the_lock_file(bill: Bill) -> None:
    assert list(unlocked(bill)) == []


def test_nothing_forbidden_is_in_it(bill: Bill) -> None:
    assert list(forbidden(bill)) == []


def test_what_names_itself_in_the_binary_is_listed(function: str, bill: Bill) -> None:
    assert list(unlisted(bill, binary(function))) == []


def test_it_tells_who_needs_whom(function: str, bill: Bill) -> None:
    assert bill["metadata"]["component"]["name"] == function
    references = {dependency["ref"] for dependency in bill["dependencies"]}
    needed = {one for dependency in bill["dependencies"] for one in dependency.get("dependsOn", [])}
    assert needed == {component["bom-ref"] for component in bill["components"]}
    assert needed <= references


def adding(name: str, version: str) -> Callable[[Bill], None]:
    return lambda bill: bill["components"].append({"type": "library", "name": name, "version": version})


@pytest.mark.parametrize(
    ("defect", "complaint"),
    [
        (adding("left-pad", "1.0.0"), "left-pad 1.0.0 is not what"),
        (lambda bill: bill["components"][-1].update(version="0.0.0"), "0.0.0 is not what"),
        (lambda bill: bill["components"][-1]["hashes"][0].update(content="0" * 64), "is not what"),
        (adding("ring", "0.17.14"), "ring 0.17.14: cryptography"),
        (adding("rustls", "0.21.12"), "rustls 0.21.12: part of"),
        (adding("openssl-sys", "0.9.1"), "openssl-sys 0.9.1: TLS"),
        (adding("native-tls", "0.2.1"), "native-tls 0.2.1: TLS"),
        (adding("redb", "4.6.0"), "redb is for the sandbox"),
        (lambda bill: bill["components"].clear(), "is not in the bill"),
    ],
)
def test_a_seeded_defect_is_found(function: str, bill: Bill, defect: Callable[[Bill], None], complaint: str) -> None:
    broken = copy.deepcopy(bill)
    defect(broken)
    found = [*unlocked(broken), *forbidden(broken), *unlisted(broken, binary(function))]
    assert any(complaint in line for line in found), found
