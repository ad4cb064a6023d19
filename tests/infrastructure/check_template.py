"""Checks template.yaml after the SAM transform: our own rules, cfn-lint and checkov.

The linters look at the result of the transform because on SAM input they miss a runtime that does not exist, a
dangling reference in an event and a visibility below the timeout. `CHECKOV` names the program checkov, which needs a
Python environment of its own.

    python check_template.py
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rules import findings
from template import FULL, REQUIRED, Template, load, transform

# Checkov's findings that stand, and why. One that is found no more must leave the list.
WAIVERS = {
    "CKV_AWS_26": "alarms hold no customer's words, and CloudWatch cannot publish to a topic under AWS's own SNS key",
    "CKV_AWS_27": "the queues are encrypted with SQS's own key, which this check does not know",
    "CKV_AWS_95": "off by default: the function logs every request already; AccessLog=yes turns it on",
    "CKV_AWS_115": "the API's throttle and MaximumConcurrency bound them; a new account has none to reserve",
    "CKV_AWS_116": "for asynchronous calls; the door is synchronous and the queues have dead letters of their own",
    "CKV_AWS_117": "nothing in it is private to a network; a VPC would need a NAT gateway, which is paid while idle",
    "CKV_AWS_119": "encrypted with AWS's key for DynamoDB; a key of one's own costs more than the rest while idle",
    "CKV_AWS_149": "encrypted with AWS's key for Secrets Manager, for the same reason",
    "CKV_AWS_158": "the logs hold neither words nor phone numbers nor secrets, and are encrypted by CloudWatch",
    "CKV_AWS_173": "the environment holds names and addresses, no secret",
}


def own(transformed: dict[str, Any]) -> Iterator[str]:
    """Our rules, for the least and for the most an operator can ask for."""
    for parameters in (REQUIRED, FULL):
        for rule, complaint in findings(Template(transformed, parameters)):
            yield f"{rule}: {complaint}"


def cfn_lint(path: Path) -> Iterator[str]:
    """What cfn-lint says, warnings included."""
    program = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [program, "--format", "json", "--template", path], capture_output=True, text=True, check=False
    )
    for finding in json.loads(done.stdout or "[]"):
        yield f"{finding['Rule']['Id']}: {finding['Message']} ({'/'.join(map(str, finding['Location']['Path']))})"
    if done.returncode and not done.stdout.strip():
        yield f"cfn-lint failed: {done.stderr.strip()}"


def checkov(path: Path) -> Iterator[str]:
    """What checkov says and no waiver covers, and waivers that cover nothing."""
    command = [
        os.environ.get("CHECKOV", "checkov"),
        "--framework",
        "cloudformation",
        "--skip-download",
        "--output",
        "json",
    ]
    done = subprocess.run([*command, "--file", path], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if not report["summary"]["passed"] or report["summary"]["parsing_errors"]:
        yield "checkov checked nothing"
    failed = report["results"]["failed_checks"]
    for check in failed:
        if check["check_id"] not in WAIVERS:
            yield f"{check['check_id']}: {check['check_name']} ({check['resource']})"
    for unused in sorted(WAIVERS.keys() - {check["check_id"] for check in failed}):
        yield f"the waiver of {unused} covers nothing any more"


def main() -> int:
    transformed = transform(load())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.json"
        path.write_text(json.dumps(transformed, indent=1))
        complaints = [*own(transformed), *cfn_lint(path), *checkov(path)]
    print(*complaints or ["the template is as it should be"], sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
