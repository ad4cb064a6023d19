"""Each rule must be able to fail: defects are put into the template, and the rule that guards against each finds it."""

from collections.abc import Callable
from typing import Any

import pytest

from rules import RULES, findings
from template import FULL, REQUIRED, Template, load, transform

Parts = dict[str, Any]
Break = Callable[[Parts], Any]


def properties(parts: Parts, name: str) -> dict[str, Any]:
    return parts[name]["Properties"]


def statement(parts: Parts, role: str, sid: str) -> dict[str, Any]:
    statements = properties(parts, role)["Policies"][0]["PolicyDocument"]["Statement"]
    statements = [one["Fn::If"][1] if "Fn::If" in one else one for one in statements]
    return next(one for one in statements if one["Sid"] == sid)


def variables(parts: Parts, function: str) -> dict[str, Any]:
    return properties(parts, function)["Environment"]["Variables"]


def event(parts: Parts, function: str, name: str) -> dict[str, Any]:
    return properties(parts, function)["Events"][name]["Properties"]


def rewritten(parts: Parts, name: str, key: str, old: str, new: str) -> None:
    """Puts `new` in the place of `old` in a text, which must be there."""
    value = properties(parts, name)[key]
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    assert old in text
    text = text.replace(old, new)
    properties(parts, name)[key] = {"Fn::Sub": text} if isinstance(value, dict) else text


# The rule, and the ways to break what it guards. `p` are the template's resources as written.
DEFECTS: dict[str, list[Break]] = {
    "functions_run_our_binaries": [
        lambda p: properties(p, "Ingest").update(Runtime="provided.al2"),
        lambda p: properties(p, "Responder").update(Handler="main"),
        lambda p: properties(p, "Responder").update(Architectures=["x86_64"]),
        lambda p: p["Ingest"].pop("Metadata"),
    ],
    "functions_have_the_time_they_need": [
        lambda p: properties(p, "Ingest").update(Timeout=3),
        lambda p: properties(p, "Responder").pop("Timeout"),
    ],
    "functions_are_traced": [lambda p: properties(p, "Responder").update(Tracing="PassThrough")],
    "functions_log_where_logs_expire": [
        lambda p: properties(p, "Ingest").pop("LoggingConfig"),
        lambda p: properties(p, "Responder")["LoggingConfig"].update(LogGroup="/aws/lambda/responder"),
        lambda p: properties(p, "Responder")["LoggingConfig"].update(LogFormat="Text"),
        lambda p: properties(p, "Ingest")["LoggingConfig"].update(ApplicationLogLevel="WARN"),
    ],
    "logs_expire": [lambda p: properties(p, "ResponderLogs").pop("RetentionInDays")],
    "the_environment_is_the_documented_one": [
        lambda p: variables(p, "Ingest").update(WEBHOOK_TOKEN="hunter2"),
        lambda p: variables(p, "Responder").update(RUST_LOG="debug"),
        lambda p: variables(p, "Responder").pop("ON_UNKNOWN"),
        lambda p: variables(p, "Responder").pop("DESK_INBOX"),
        lambda p: variables(p, "Responder").update(QUEUE_URL={"Ref": "AgentQueue"}),
        lambda p: variables(p, "Ingest").update(INGEST_SECRET_ID={"Ref": "ResponderSecret"}),
    ],
    "no_secret_passes_through_the_template": [
        lambda p: properties(p, "IngestSecret").update(SecretString='{"webhook_token": "hunter2"}'),
        lambda p: variables(p, "Responder").update(AI_MODEL={"Fn::Sub": "{{resolve:secretsmanager:braze}}"}),
        lambda p: variables(p, "Responder").update(AI_MODEL="hunter2"),
    ],
    "queues_are_encrypted": [
        lambda p: properties(p, "WorkQueue").pop("SqsManagedSseEnabled"),
        lambda p: properties(p, "QuarantineQueue").update(SqsManagedSseEnabled=False),
    ],
    "a_crash_costs_a_user_little": [
        lambda p: properties(p, "WorkQueue").update(VisibilityTimeout=360),
        lambda p: properties(p, "AgentQueue").update(VisibilityTimeout=60),
        lambda p: properties(p, "WorkQueue").pop("VisibilityTimeout"),
        lambda p: event(p, "Responder", "Work").pop("ScalingConfig"),
    ],
    "queues_are_answered": [
        lambda p: properties(p, "Responder")["Events"].pop("AgentActions"),
        lambda p: event(p, "Responder", "Work").pop("FunctionResponseTypes"),
        lambda p: event(p, "Responder", "AgentActions").update(BatchSize=1),
        lambda p: event(p, "Responder", "AgentActions").update(BatchSize=250),
        lambda p: event(p, "Responder", "Work").pop("BatchSize"),
        lambda p: event(p, "Responder", "Work").update(Enabled=False),
        lambda p: event(p, "Responder", "Work").update(MaximumBatchingWindowInSeconds=20),
        lambda p: event(p, "Responder", "Work").update(FilterCriteria={"Filters": [{"Pattern": "{}"}]}),
    ],
    "nothing_is_given_up_unseen": [
        lambda p: properties(p, "AgentQueue").pop("RedrivePolicy"),
        lambda p: properties(p, "WorkQueue")["RedrivePolicy"].update(maxReceiveCount=3),
        lambda p: properties(p, "DeadLetterQueue").pop("MessageRetentionPeriod"),
        lambda p: properties(p, "WorkQueue").update(MessageRetentionPeriod=3600),
        lambda p: properties(p, "QuarantineQueue").update(MessageRetentionPeriod=345600),
    ],
    "the_door_is_throttled": [
        lambda p: properties(p, "Api").pop("DefaultRouteSettings"),
        lambda p: properties(p, "Api")["DefaultRouteSettings"].pop("ThrottlingBurstLimit"),
    ],
    "the_routes_are_the_documented_ones": [
        lambda p: properties(p, "Ingest")["Events"].pop("InboundRoute"),
        lambda p: properties(p, "Ingest")["Events"].pop("Chatwoot"),
        lambda p: event(p, "Ingest", "Erase").update(Method="GET"),
        lambda p: event(p, "Ingest", "Health").update(Path="/{proxy+}"),
        lambda p: event(p, "Ingest", "Inbound").update(PayloadFormatVersion="1.0"),
    ],
    "there_is_one_door": [
        lambda p: properties(p, "Ingest").update(FunctionUrlConfig={"AuthType": "NONE"}),
        lambda p: p.update(
            Anybody={
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": {"Ref": "Responder"},
                    "Principal": "*",
                },
            }
        ),
    ],
    "the_table_keeps_what_it_should": [
        lambda p: properties(p, "Table").pop("TimeToLiveSpecification"),
        lambda p: properties(p, "Table")["TimeToLiveSpecification"].update(AttributeName="ttl"),
        lambda p: properties(p, "Table").pop("SSESpecification"),
        lambda p: properties(p, "Table").pop("PointInTimeRecoverySpecification"),
        lambda p: properties(p, "Table").update(BillingMode="PROVISIONED"),
        lambda p: properties(p, "Table")["AttributeDefinitions"][0].update(AttributeType="N"),
        lambda p: p["Table"].pop("DeletionPolicy"),
        lambda p: p["Table"].pop("UpdateReplacePolicy"),
    ],
    "roles_allow_what_is_needed_and_no_more": [
        lambda p: statement(p, "IngestRole", "Queue").update(Action=["sqs:*"]),
        lambda p: statement(p, "ResponderRole", "Mailboxes").update(Resource="*"),
        lambda p: statement(p, "ResponderRole", "Mailboxes")["Action"].append("dynamodb:Scan"),
        lambda p: statement(p, "ResponderRole", "Erasure").update(Action=["dynamodb:DeleteTable"]),
        lambda p: statement(p, "ResponderRole", "Secret")["Resource"].append({"Ref": "IngestSecret"}),
        lambda p: statement(p, "ResponderRole", "Queues")["Action"].remove("sqs:ChangeMessageVisibility"),
        lambda p: statement(p, "ResponderRole", "Models").update(Resource="*"),
        lambda p: statement(p, "ResponderRole", "Models").update(Action=["bedrock:*"]),
        lambda p: statement(p, "ResponderRole", "ModelsOfProfiles").pop("Condition"),
        lambda p: statement(p, "ResponderRole", "ModelsOfProfiles").update(Resource="*"),
        lambda p: statement(p, "ResponderRole", "AssistantInS3").update(Resource="*"),
        lambda p: statement(p, "ResponderRole", "AssistantInS3").update(Action=["s3:*"]),
        lambda p: properties(p, "ResponderRole")["Policies"][0]["PolicyDocument"]["Statement"].append(
            statement(p, "ResponderRole", "Models")
        ),
        lambda p: properties(p, "IngestRole").update(ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
        lambda p: properties(p, "Ingest").update(Role="arn:aws:iam::000000000000:role/administrator"),
    ],
    "roles_are_for_lambda_alone": [
        lambda p: properties(p, "IngestRole")["AssumeRolePolicyDocument"]["Statement"][0].update(
            Principal={"AWS": "*"}
        ),
    ],
    "what_goes_wrong_is_told": [
        lambda p: p.pop("DeadLetterAlarm"),
        lambda p: p.pop("UnauthorizedAlarm"),
        lambda p: p.pop("FlaggedAlarm"),
        lambda p: p.pop("CutAlarm"),
        lambda p: p.pop("DeskAlarm"),
        lambda p: p.pop("LoopAlarm"),
        lambda p: p.pop("ToolAlarm"),
        lambda p: p.pop("MediaAlarm"),
        lambda p: properties(p, "ParkedAlarm")["Dimensions"][0].update(Value={"Ref": "Ingest"}),
        lambda p: properties(p, "DoorAlarm").pop("AlarmActions"),
        lambda p: properties(p, "FallbackAlarm").update(AlarmDescription="Fallback > 0"),
        lambda p: properties(p, "WorkAgeAlarm").update(TreatMissingData="breaching"),
        lambda p: properties(p, "WorkAgeAlarm").update(ActionsEnabled=False),
    ],
    "two_stacks_of_one_account_do_not_alarm_each_other": [
        lambda p: properties(p, "FlaggedAlarm")["Dimensions"][0].update(Value="responder"),
        lambda p: properties(p, "CutAlarm").pop("Dimensions"),
    ],
    "what_must_not_happen_at_all_is_told_at_once": [
        lambda p: properties(p, "FlaggedAlarm").update(Threshold=5),
        lambda p: properties(p, "CutAlarm").update(EvaluationPeriods=3),
        lambda p: properties(p, "DeskAlarm").update(Threshold=5),
        lambda p: properties(p, "DeadLetterAlarm").update(Threshold=10),
        lambda p: properties(p, "QuarantineAlarm").update(Statistic="Average"),
    ],
    "what_is_watched_is_counted": [
        lambda p: properties(p, "FallbackAlarm").update(MetricName="Fallbacks"),
        lambda p: properties(p, "ParkedAlarm").update(MetricName="Queued"),
        lambda p: properties(p, "WorkAgeAlarm").update(MetricName="AgeOfOldestMessage"),
        lambda p: properties(p, "CutAlarm")["Dimensions"][0].update(Name="Function"),
        lambda p: rewritten(p, "Dashboard", "DashboardBody", '"HandedOff"', '"HandOff"'),
        lambda p: rewritten(
            p,
            "Dashboard",
            "DashboardBody",
            '"Quarantined", "FunctionName", "${Ingest}"',
            '"Quarantined", "FunctionName", "${Responder}"',
        ),
        lambda p: rewritten(p, "Dashboard", "DashboardBody", '"Throttles"', '"Throttled"'),
    ],
    "the_dashboard_shows_who_waits_and_why": [
        lambda p: p.pop("Dashboard"),
        lambda p: rewritten(p, "Dashboard", "DashboardBody", '"AiFailed"', '"Fallback"'),
        lambda p: rewritten(p, "Dashboard", "DashboardBody", '"${LoopAlarm.Arn}"', '"${ToolAlarm.Arn}"'),
    ],
    "queries_look_for_what_is_logged": [
        lambda p: rewritten(p, "OneMessageQuery", "QueryString", "span.log_id", "message_id"),
        lambda p: rewritten(p, "SlowestTurnsQuery", "QueryString", "waited_ms", "took_ms"),
        lambda p: rewritten(p, "SlowestTurnsQuery", "QueryString", '"a turn is over"', '"a turn ended"'),
        lambda p: rewritten(p, "SilentEndsQuery", "QueryString", "by cause", "by silence"),
        lambda p: properties(p, "FailuresQuery")["LogGroupNames"].pop(),
    ],
}


@pytest.mark.parametrize(
    ("rule", "defect"),
    [pytest.param(rule, defect, id=f"{rule}-{n}") for rule in DEFECTS for n, defect in enumerate(DEFECTS[rule])],
)
def test_a_seeded_defect_is_found_by_its_rule(rule: str, defect: Break) -> None:
    written = load()
    defect(written["Resources"])
    transformed = transform(written)
    found = [one for choice in (REQUIRED, FULL) for one in findings(Template(transformed, choice))]
    assert rule in {name for name, _ in found}


@pytest.mark.parametrize("parameter", ["BrazeApiKey", "WebhookToken"])
def test_a_secret_parameter_is_found(parameter: str) -> None:
    written = load()
    written["Parameters"][parameter] = {"Type": "String", "Default": ""}
    assert "no_secret_passes_through_the_template" in {
        name for name, _ in findings(Template(transform(written), REQUIRED))
    }


@pytest.mark.parametrize("output", ["InboundUrl", "IngestSecret"])
def test_a_missing_output_is_found(output: str) -> None:
    written = load()
    del written["Outputs"][output]
    assert "the_operator_learns_the_addresses" in {name for name, _ in findings(Template(transform(written), REQUIRED))}


def test_every_rule_has_a_defect_that_it_finds() -> None:
    tried = DEFECTS.keys() | {"the_operator_learns_the_addresses"}
    assert {rule.__name__ for rule in RULES} == tried
