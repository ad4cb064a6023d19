"""The template as it is: our rules, the public linters, and its agreement with the code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from check_template import cfn_lint, checkov, own
from documented import COUNTED, ENVIRONMENT
from rules import findings
from template import REQUIRED, ROOT, Template, load, transform
from told import known_metrics

METRICS = ROOT / "shared/platform/src/metrics.rs"
PARTS = ["Customers notice", "Look at", "Do", "Over when"]
GUIDE = ROOT / "shared/platform/alarms/README.md"


@pytest.fixture(scope="module")
def transformed() -> dict:
    return transform(load())


@pytest.fixture(scope="module")
def path(transformed: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.json"
    path.write_text(json.dumps(transformed, indent=1))
    return path


def test_our_rules_hold(transformed: dict) -> None:
    assert list(own(transformed)) == []


@pytest.mark.parametrize("timeout", load()["Parameters"]["ResponderTimeout"]["AllowedValues"])
def test_our_rules_hold_for_every_timeout(transformed: dict, timeout: str) -> None:
    assert findings(Template(transformed, REQUIRED | {"ResponderTimeout": timeout})) == []


@pytest.mark.parametrize("batch", load()["Parameters"]["Batch"]["AllowedValues"])
def test_our_rules_hold_for_every_batch(transformed: dict, batch: int) -> None:
    assert findings(Template(transformed, REQUIRED | {"Batch": batch})) == []


@pytest.mark.parametrize("place", ["", "/opt/assistant.toml", "s3://brand.example/a.toml", "ssm:/dragoman/assistant"])
def test_our_rules_hold_wherever_the_assistant_is_kept(transformed: dict, place: str) -> None:
    assert findings(Template(transformed, REQUIRED | {"AssistantConfig": place})) == []


def test_sam_finds_nothing() -> None:
    sam = Path(sys.executable).with_name("sam")
    done = subprocess.run([sam, "validate", "--lint"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_cfn_lint_finds_nothing(path: Path) -> None:
    assert list(cfn_lint(path)) == []


def test_checkov_finds_nothing_but_what_is_waived(path: Path) -> None:
    assert list(checkov(path)) == []


@pytest.mark.parametrize(
    ("parameter", "value", "good"),
    [
        ("BrazeEndpoint", "https://rest.fra-01.braze.eu", True),
        ("BrazeEndpoint", "https://rest.us-10.braze.com", True),
        ("BrazeEndpoint", "http://127.0.0.1:8080", True),
        ("BrazeEndpoint", "https://dashboard-01.braze.eu", False),
        ("BrazeEndpoint", "https://rest.fra-01.braze.eu/", False),
        ("BrazeEndpoint", "http://rest.fra-01.braze.eu", False),
        ("BrazeEndpoint", "https://rest.fra-01.braze.eu.example.com", False),
        ("BrazeEndpoint", "https://example.com/rest.fra-01.braze.eu", False),
        ("BrazeCampaignId", "c9f7b3a1-2d4e-4f60-8a1b-0c2d4e6f8a9b", True),
        ("BrazeCampaignId", "Reply campaign", False),
        ("AiBaseUrl", "", True),
        ("AiBaseUrl", "https://api.openai.com/v1", True),
        ("AiBaseUrl", "http://api.openai.com/v1", False),
        ("BedrockModels", "", True),
        ("BedrockModels", "arn:aws:bedrock:eu-west-3::foundation-model/amazon.nova-lite-v1:0", True),
        (
            "BedrockModels",
            "arn:aws:bedrock:eu-west-3:1:inference-profile/a,arn:aws:bedrock:eu-west-3:1:imported-model/b",
            True,
        ),
        (
            "BedrockModels",
            "arn:aws:bedrock:eu-west-3:1:inference-profile/a, arn:aws:bedrock:eu-west-3:1:imported-model/b",
            False,
        ),
        (
            "BedrockModels",
            "arn:aws:bedrock:eu-west-3:1:inference-profile/aarn:aws:bedrock:eu-west-3:1:imported-model/b",
            False,
        ),
        ("BedrockModels", ",arn:aws:bedrock:eu-west-3:1:inference-profile/a", False),
        ("BedrockModels", "amazon.nova-lite-v1:0", False),
        ("BedrockModels", "*", False),
        ("BedrockModels", "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0", False),
        ("BedrockModels", "arn:aws:bedrock:eu-west-3::foundation-model/*", False),
        ("BedrockModels", "arn:aws:s3:::models/a", False),
        ("Languages", "", True),
        ("Languages", "en,it", True),
        ("Languages", "en, it", False),
        ("Languages", "English", False),
        ("AssistantConfig", "", True),
        ("AssistantConfig", "/opt/assistant.toml", True),
        ("AssistantConfig", "s3://brand.example/dragoman/assistant.toml", True),
        ("AssistantConfig", "ssm:/dragoman/assistant", True),
        ("AssistantConfig", "s3://brand.example", False),
        ("AssistantConfig", "s3://brand.example/*", False),
        ("AssistantConfig", "s3://*/assistant.toml", False),
        ("AssistantConfig", "ssm:/dragoman/*", False),
        ("AssistantConfig", "ssm:assistant", False),
        ("AssistantConfig", "arn:aws:s3:::brand.example/a", False),
        ("AssistantConfig", "s3://brand.example/${AWS::StackName}", False),
        ("DeskUrl", "", True),
        ("DeskUrl", "https://desk.example.com/hook?tenant=1", True),
        ("DeskUrl", "https://desk.example.com/hook?from=a@example.com", True),
        ("DeskUrl", "http://127.0.0.1:8080/hook", True),
        ("DeskUrl", "http://127.0.0.1:8080@example.com", False),
        ("DeskUrl", "http://desk.example.com/hook", False),
        ("DeskUrl", "https://me:password@desk.example.com", False),
        ("DeskUrl", "https://desk.example.com/a b", False),
        ("DeskAccount", "", True),
        ("DeskAccount", "12", True),
        ("DeskAccount", "/app/accounts/12", False),
        ("DeskInbox", "3", True),
        ("DeskInbox", "-3", False),
        ("DeskInboxIdentifier", "q3dFzN9Yb7rTq2LmWx8VhK1c", True),
        ("DeskInboxIdentifier", "two words", False),
        ("AlarmEmail", "", True),
        ("AlarmEmail", "operations@example.com", True),
        ("AlarmEmail", "operations", False),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_is_made(parameter: str, value: str, good: bool) -> None:
    pattern = load()["Parameters"][parameter]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) == good


def test_every_parameter_says_what_it_is_for() -> None:
    assert [
        name for name, parameter in load()["Parameters"].items() if len(parameter.get("Description", "")) < 20
    ] == []


def test_the_namespace_and_the_dimension_are_the_codes() -> None:
    source = METRICS.read_text()
    namespace, dimension = (
        re.search(rf'{name}: &str = "(\w+)"', source).group(1) for name in ("NAMESPACE", "DIMENSION")
    )
    assert (namespace, dimension) == ("Dragoman", "FunctionName")
    assert {metric for metric, _ in COUNTED} <= known_metrics()


def test_every_alarm_has_a_chapter_and_says_so() -> None:
    resources = load()["Resources"]
    alarms = {name: one for name, one in resources.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    queries = [one for one in resources.values() if one["Type"] == "AWS::Logs::QueryDefinition"]
    names = {query["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}/") for query in queries}
    chapters = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
    assert chapters.keys() == alarms.keys()
    for name, chapter in chapters.items():
        description = alarms[name]["Properties"]["AlarmDescription"]
        assert description.endswith(f"Guide: shared/platform/alarms, chapter {name}."), name
        assert len(description) <= 1024, name
        assert re.findall(r"^- \*\*(.*?):\*\*", chapter, re.MULTILINE) == PARTS, name
        looked_at = chapter.split("- **Look at:**")[1].split("- **Do:**")[0]
        assert "dashboard" in looked_at or any(f"*{query}*" in looked_at for query in names), name
        assert set(re.findall(r"\*([a-z][a-z ]+)\*", chapter)) <= names | {"messages"}, name
        assert set(re.findall(r"\b[A-Z]\w+Alarm\b", chapter)) <= alarms.keys(), name


@pytest.mark.parametrize(("function", "variable"), [(f, v) for f, names in ENVIRONMENT.items() for v in names])
def test_every_setting_is_read_by_its_function(function: str, variable: str) -> None:
    sources = [*(ROOT / "functions" / function.lower() / "src").rglob("*.rs"), *(ROOT / "shared").rglob("*.rs")]
    assert any(f'"{variable}"' in source.read_text() for source in sources)
