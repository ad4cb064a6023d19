"""What each function is made of: every crate that is linked into it, as CycloneDX JSON.

Cargo itself says what that is. Tools that read `cargo metadata` instead list what any member of the workspace switches
on, tests included: thirty crates too many here, a second cryptography library among them.

    python bill_of_materials.py FOLDER        writes ingest.cdx.json and responder.cdx.json
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from template import ROOT

FUNCTIONS = ("ingest", "responder")
# What the template deploys by default.
TARGET = "aarch64-unknown-linux-gnu"
# A line of `cargo tree`: how deep it stands, the crate, its version, where it lies or what it is, its licence.
LINE = re.compile(r"(?P<depth>\d+)(?P<name>\S+) v(?P<version>\S+)[^|]*\|(?P<licence>[^|]*)\|")

Crate = tuple[str, str]


def lock() -> dict[Crate, str | None]:
    """The crates of Cargo.lock with their checksums; ours have none."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    return {(package["name"], package["version"]): package.get("checksum") for package in packages}


def bill(function: str) -> Bom:
    """The crates of a function, and which needs which."""
    command = ["cargo", "tree", "--locked", "--package", function, "--edges", "normal,no-proc-macro"]
    command += ["--target", TARGET, "--prefix", "depth", "--format", "{p}|{l}|"]
    tree = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    checksums, components, needs = lock(), {}, {}
    above: list[Crate] = []
    for line in tree.splitlines():
        found = LINE.match(line)
        depth, crate = int(found["depth"]), (found["name"], found["version"])
        components.setdefault(crate, component(crate, found["licence"], checksums[crate]))
        above[depth:] = [crate]
        if depth:
            needs.setdefault(above[depth - 1], set()).add(crate)
    root = components.pop(above[0])
    root.type = ComponentType.APPLICATION
    bom = Bom(components=components.values())
    bom.metadata.component = root
    for crate, needed in needs.items():
        bom.register_dependency(components.get(crate, root), [components[one] for one in needed])
    return bom


def component(crate: Crate, licence: str, checksum: str | None) -> Component:
    """One crate. Only those from crates.io have an address there: ours share their names with other people's."""
    name, version = crate
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        bom_ref=f"{name}@{version}",
        purl=PackageURL("cargo", name=name, version=version) if checksum else None,
        # Older crates write a slash for "or".
        licenses=[LicenseFactory().make_with_expression(licence.replace("/", " OR "))],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=checksum)] if checksum else [],
    )


def written(function: str) -> str:
    """The bill of a function as CycloneDX JSON."""
    return JsonV1Dot6(bill(function)).output_as_string(indent=2)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for function in FUNCTIONS:
        path = folder / f"{function}.cdx.json"
        path.write_text(written(function))
        print(path)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
