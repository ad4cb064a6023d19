"""The template as CloudFormation sees it: transformed, and its parameters, mappings and conditions worked out."""

import copy
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform as sam_transform

ROOT = Path(__file__).resolve().parents[2]
# What an operator has to say; everything else has a default.
REQUIRED = {
    "BrazeEndpoint": "https://rest.fra-01.braze.eu",
    "BrazeCampaignId": "00000000-0000-4000-8000-000000000000",
}
# Every optional part switched on.
FULL = REQUIRED | {
    "AiBackend": "openai",
    "AiBaseUrl": "https://ai.example.com/v1",
    "AiModel": "model",
    "BedrockModels": "arn:aws:bedrock:eu-west-3::foundation-model/amazon.nova-lite-v1:0,"
    "arn:aws:bedrock:eu-west-3:123456789012:inference-profile/eu.amazon.nova-pro-v1:0",
    "AssistantConfig": "s3://brand.example/dragoman/assistant.toml",
    "Desk": "chatwoot",
    "DeskUrl": "https://chat.example.com",
    "DeskAccount": "1",
    "DeskInbox": "3",
    "DeskInboxIdentifier": "identifier",
    "DeskLabel": "whatsapp",
    "AlarmEmail": "operator@example.com",
    "AccessLog": "yes",
    "ResponderTimeout": "300",
}
# The transform looks the region up; it calls nothing.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")


class NoManagedPolicies:
    """What the transform asks for the addresses of managed policies; the template uses none."""

    def load(self) -> dict[str, str]:
        return {}


def load() -> dict[str, Any]:
    """The template as written."""
    return yaml_parse((ROOT / "template.yaml").read_text())


def transform(written: dict[str, Any]) -> dict[str, Any]:
    """The template after the SAM transform; code is said to lie in a bucket, because nothing is built here."""
    written = copy.deepcopy(written)
    for resource in written["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://packages/function.zip"
    return sam_transform(written, dict(REQUIRED), NoManagedPolicies())


@dataclass(frozen=True)
class Resource:
    """One resource of the resolved template."""

    name: str
    type: str
    properties: dict[str, Any]
    whole: dict[str, Any]


class Template:
    """A transformed template under one choice of parameters."""

    def __init__(self, transformed: dict[str, Any], parameters: dict[str, str]):
        self.raw = transformed
        self.parameters = transformed["Parameters"]
        self.values = {name: parameter.get("Default") for name, parameter in self.parameters.items()} | parameters
        self.resources = {
            name: Resource(name, resource["Type"], resource.get("Properties", {}), resource)
            for name, resource in ((name, self._resolve(raw)) for name, raw in transformed["Resources"].items())
            if self._holds(resource.get("Condition"))
        }

    def of(self, type_: str) -> list[Resource]:
        """All resources of a type."""
        return [resource for resource in self.resources.values() if resource.type == type_]

    def target(self, value: Any) -> Resource | None:
        """The resource that a Ref or Fn::GetAtt points to."""
        if not isinstance(value, dict):
            return None
        name = value.get("Ref") or (value.get("Fn::GetAtt") or [None])[0]
        return self.resources.get(name)

    def functions(self) -> list[Resource]:
        """The Lambda functions."""
        return self.of("AWS::Lambda::Function")

    def mappings(self) -> list[tuple[Resource, Resource, Resource]]:
        """Each event source mapping with its queue and its function."""
        return [
            (
                mapping,
                self.target(mapping.properties["EventSourceArn"]),
                self.target(mapping.properties["FunctionName"]),
            )
            for mapping in self.of("AWS::Lambda::EventSourceMapping")
        ]

    def grants(self, role: Resource) -> Iterator[tuple[str, str]]:
        """What a role allows: each action with the resource it is allowed on, and the condition if there is one."""
        for policy in role.properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                actions, resources = (
                    value if isinstance(value, list) else [value]
                    for value in (statement["Action"], statement["Resource"])
                )
                for action in actions:
                    for resource in resources:
                        target = self.target(resource)
                        name = target.name if target else str(resource)
                        condition = statement.get("Condition")
                        yield action, f"{name} if {condition}" if condition else name

    def _holds(self, condition: Any) -> bool:
        if condition is None:
            return True
        if isinstance(condition, str):
            return self._holds(self.raw["Conditions"][condition])
        ((operator, operands),) = condition.items()
        if operator == "Fn::Equals":
            left, right = (self._resolve(operand) for operand in operands)
            return left == right
        if operator == "Fn::Not":
            return not self._holds(operands[0])
        raise ValueError(f"the condition {operator} is not understood here")

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            resolved = [self._resolve(item) for item in value]
            return [item for item in resolved if item != {"Ref": "AWS::NoValue"}]
        if not isinstance(value, dict):
            return value
        if value.get("Ref") in self.values:
            return self.values[value["Ref"]]
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            return self._resolve(then if self._holds(condition) else otherwise)
        if "Fn::FindInMap" in value:
            mapping, first, second = (self._resolve(part) for part in value["Fn::FindInMap"])
            return self.raw["Mappings"][mapping][str(first)][second]
        if "Fn::Split" in value:
            separator, text = (self._resolve(part) for part in value["Fn::Split"])
            return self._substituted(text).split(separator)
        if "Fn::Select" in value:
            place, parts = (self._resolve(part) for part in value["Fn::Select"])
            return parts[int(place)]
        resolved = {key: self._resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item != {"Ref": "AWS::NoValue"}}

    def _substituted(self, text: Any) -> str:
        """A text, with parameters put in where it is one to be substituted."""
        if isinstance(text, str):
            return text
        return re.sub(r"\$\{(\w+)\}", lambda found: self.values[found[1]], text["Fn::Sub"])


def strings(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)
