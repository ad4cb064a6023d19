"""An AWS on this machine: ministack, with the built template deployed into it as an operator would deploy it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse

from template import ROOT

STACK = "dragoman"
# What `sam build` makes.
BUILT = Path(os.environ.get("BUILT_TEMPLATE", ROOT / ".aws-sam/build/template.yaml"))
STARTS_WITHIN = 30
# The emulator refuses a stack with these. They do nothing: a person clicks on them.
UNKNOWN = {"AWS::Logs::QueryDefinition"}


def known(template: Path) -> Path:
    """The template without what the emulator does not know, beside it, so that paths in it hold."""
    written = yaml_parse(template.read_text())
    resources = written["Resources"].items()
    written["Resources"] = {name: one for name, one in resources if one["Type"] not in UNKNOWN}
    # It cannot take a text apart in a condition: the assistant is the packed one here.
    for name, condition in written["Conditions"].items():
        if "Fn::Select" in json.dumps(condition):
            written["Conditions"][name] = {"Fn::Equals": ["packed", "elsewhere"]}
    rest = template.with_name("emulator.json")
    rest.write_text(json.dumps(written))
    return rest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Answer:
    """What the door said."""

    status: int
    body: Any


class Emulator:
    """Runs while it is entered; everything it keeps is in `folder`."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "emulator.log"
        # Nothing of the caller's: the functions inherit this environment and must not find real credentials in it.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AWS_ENDPOINT_URL": self.address,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "SAM_CLI_TELEMETRY": "0",
        }

    def __enter__(self) -> "Emulator":
        with self.log.open("wb") as log:
            program = os.environ.get("MINISTACK", "ministack")
            self._process = subprocess.Popen([program], env=self.environment, stdout=log, stderr=log)
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=20)

    def client(self, service: str) -> Any:
        """A client of one of the emulator's services."""
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def _wait(self) -> None:
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.address}/_ministack/health", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"the emulator did not start:\n{self.log.read_text()}")


class Deployment:
    """The stack in the emulator."""

    def __init__(self, emulator: Emulator, parameters: dict[str, str]) -> None:
        self._emulator = emulator
        self._deploy(parameters)
        cloudformation = emulator.client("cloudformation")
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.resources = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
        processed = cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
        # What the emulator's own transform made of the template.
        self.processed = json.loads(processed) if isinstance(processed, str) else processed
        self._open_routes()
        self._repeat_numbers()
        self._empty_secrets()

    def put_secret(self, output: str, value: dict[str, str]) -> None:
        """Fills a secret, as the operator does after the first deployment."""
        secrets = self._emulator.client("secretsmanager")
        secrets.put_secret_value(SecretId=self.outputs[output], SecretString=json.dumps(value))

    def request(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Knocks at the public door."""
        url = f"{self._emulator.address}/_aws/execute-api/{self.resources['Api']}{path}"
        request = urllib.request.Request(url, data=body or None, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, content = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, content = error.code, error.read()
        try:
            return Answer(status, json.loads(content or b"null"))
        except ValueError:
            return Answer(status, content)

    def waiting(self, output: str) -> int:
        """Messages in a queue, those being worked on or put off included."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        queue = self._emulator.client("sqs")
        attributes = queue.get_queue_attributes(QueueUrl=self.outputs[output], AttributeNames=names)["Attributes"]
        return sum(int(attributes.get(name, 0)) for name in names)

    def take(self, output: str) -> list[str]:
        """The bodies of a queue's messages, which are gone then."""
        queue, url, bodies = self._emulator.client("sqs"), self.outputs[output], []
        while messages := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def logs(self, function: str) -> list[str]:
        """Every line a function has written."""
        logs = self._emulator.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/dragoman/{STACK}/{function}")
        return [event["message"] for page in pages for event in page["events"]]

    def _deploy(self, parameters: dict[str, str]) -> None:
        command = [Path(sys.executable).with_name("sam"), "deploy", "--template", known(BUILT), "--stack-name", STACK]
        command += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
        command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
        environment = self._emulator.environment
        done = subprocess.run(
            command, env=environment, cwd=environment["HOME"], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"sam deploy failed:\n{done.stdout}\n{done.stderr}")

    def _open_routes(self) -> None:
        """The emulator ignores the OpenAPI body of an HTTP API, so its routes are made one by one from that body."""
        gateway, api = self._emulator.client("apigatewayv2"), self.resources["Api"]
        function = self._emulator.client("lambda").get_function(FunctionName=self.resources["Ingest"])
        integration = gateway.create_integration(
            ApiId=api,
            IntegrationType="AWS_PROXY",
            IntegrationUri=function["Configuration"]["FunctionArn"],
            PayloadFormatVersion="2.0",
        )["IntegrationId"]
        for path, methods in self.processed["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
            for method in methods:
                gateway.create_route(
                    ApiId=api, RouteKey=f"{method.upper()} {path}", Target=f"integrations/{integration}"
                )

    def _repeat_numbers(self) -> None:
        """The emulator takes a number that comes from a parameter for a text, and then polls no queue."""
        functions = self._emulator.client("lambda")
        for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
            concurrency = int(mapping["ScalingConfig"]["MaximumConcurrency"])
            functions.update_event_source_mapping(
                UUID=mapping["UUID"],
                BatchSize=int(mapping["BatchSize"]),
                ScalingConfig={"MaximumConcurrency": concurrency},
            )

    def _empty_secrets(self) -> None:
        """A secret without a value has no version on AWS; the emulator's stack gives it an empty text."""
        secrets = self._emulator.client("secretsmanager")
        for output in ("IngestSecret", "ResponderSecret"):
            name = self.outputs[output]
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            secrets.create_secret(Name=name)
