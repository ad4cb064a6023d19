"""What must hold of the deployment and no public linter checks. A rule yields one line for each thing that is wrong."""

import re
from collections.abc import Iterator

import watching
from documented import ENVIRONMENT, PERMISSIONS, ROUTES, assistant, models
from rulebook import RULES, rule
from template import Template, strings

__all__ = ["RULES", "findings", "watching"]
DAY = 86_400


def findings(template: Template) -> list[tuple[str, str]]:
    """Everything wrong with a template, as rule and complaint."""
    return [(check.__name__, complaint) for check in RULES for complaint in check(template)]


@rule
def functions_run_our_binaries(template: Template) -> Iterator[str]:
    if {function.name for function in template.functions()} != {"Ingest", "Responder"}:
        yield "there must be exactly the functions Ingest and Responder"
    for function in template.functions():
        expected = {"Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": ["arm64"]}
        for name, value in expected.items():
            if function.properties.get(name) != value:
                yield f"{function.name}: {name} must be {value} by default"
        if function.whole.get("Metadata", {}).get("BuildMethod") != "rust-cargolambda":
            yield f"{function.name}: BuildMethod must be rust-cargolambda"


@rule
def functions_have_the_time_they_need(template: Template) -> Iterator[str]:
    for function in template.functions():
        least = 30 if function.name == "Responder" else 10
        if int(function.properties.get("Timeout", 3)) < least:
            yield f"{function.name}: Timeout must be at least {least}"


@rule
def functions_are_traced(template: Template) -> Iterator[str]:
    for function in template.functions():
        if function.properties.get("TracingConfig") != {"Mode": "Active"}:
            yield f"{function.name}: Tracing must be Active"


@rule
def functions_log_where_logs_expire(template: Template) -> Iterator[str]:
    for function in template.functions():
        logging = function.properties.get("LoggingConfig", {})
        group = template.target(logging.get("LogGroup"))
        if group is None or group.type != "AWS::Logs::LogGroup":
            yield f"{function.name}: its log group must be one of the template's"
        if logging.get("LogFormat") != "JSON":
            yield f"{function.name}: LogFormat must be JSON"
        if logging.get("ApplicationLogLevel") not in ("TRACE", "DEBUG", "INFO"):
            yield f"{function.name}: above INFO its metrics are not printed and the alarms are blind"


@rule
def logs_expire(template: Template) -> Iterator[str]:
    for group in template.of("AWS::Logs::LogGroup"):
        if not group.properties.get("RetentionInDays"):
            yield f"{group.name}: RetentionInDays must be set"


@rule
def the_environment_is_the_documented_one(template: Template) -> Iterator[str]:
    for function in template.functions():
        expected = ENVIRONMENT.get(function.name, {})
        variables = function.properties.get("Environment", {}).get("Variables", {})
        for name in sorted(expected.keys() ^ variables.keys()):
            yield f"{function.name}: {name} is " + ("missing" if name in expected else "not a documented variable")
        for name in expected.keys() & variables.keys():
            target = template.target(variables[name])
            if (target.name if target else None) != expected[name]:
                yield f"{function.name}: {name} must point to {expected[name]}"


@rule
def no_secret_passes_through_the_template(template: Template) -> Iterator[str]:
    for name, parameter in template.parameters.items():
        if parameter.get("NoEcho") or re.search(r"key|token|secret|password", name, re.IGNORECASE):
            yield f"the parameter {name} looks like a secret; the operator puts secrets into Secrets Manager"
    for secret in template.of("AWS::SecretsManager::Secret"):
        if "SecretString" in secret.properties:
            yield f"{secret.name}: its value must not be in the template"
    for function in template.functions():
        written = template.raw["Resources"][function.name]["Properties"].get("Environment", {}).get("Variables", {})
        for name in (name for name, value in written.items() if not isinstance(value, dict)):
            yield f"{function.name}: {name} must be a resource or a parameter, not a value written here"
    if any("{{resolve:" in text for text in strings(template.raw)):
        yield "a dynamic reference copies a secret to where more people can read it"


@rule
def queues_are_encrypted(template: Template) -> Iterator[str]:
    for queue in template.of("AWS::SQS::Queue"):
        if queue.properties.get("SqsManagedSseEnabled") is not True:
            yield f"{queue.name}: SqsManagedSseEnabled must be true"


@rule
def a_crash_costs_a_user_little(template: Template) -> Iterator[str]:
    for mapping, queue, function in template.mappings():
        timeout = int(function.properties.get("Timeout", 3))
        if int(queue.properties.get("VisibilityTimeout", 30)) != timeout + 30:
            yield f"{queue.name}: VisibilityTimeout must be the function's timeout + 30 = {timeout + 30}"
        if not 2 <= int(mapping.properties.get("ScalingConfig", {}).get("MaximumConcurrency", 0)) <= 1000:
            yield f"{mapping.name}: without MaximumConcurrency throttled polls use up receives"


@rule
def queues_are_answered(template: Template) -> Iterator[str]:
    if {queue.name for _, queue, _ in template.mappings()} != {"WorkQueue", "AgentQueue"}:
        yield "the work queue and the agent queue must each have a mapping"
    for mapping, queue, function in template.mappings():
        # An agent never waits for a batch to fill.
        most = int(template.values["Batch"]) if queue.name == "WorkQueue" else 10
        if function.name != "Responder":
            yield f"{mapping.name}: the responder must receive it"
        if mapping.properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{mapping.name}: without ReportBatchItemFailures kept messages are deleted"
        if int(mapping.properties.get("BatchSize", 10)) != most or "BatchSize" not in mapping.properties:
            yield f"{mapping.name}: BatchSize must be {most}"
        if mapping.properties.get("Enabled") is False:
            yield f"{mapping.name}: it must be enabled"
        if mapping.properties.get("FilterCriteria"):
            yield f"{mapping.name}: FilterCriteria deletes messages"
        # Lambda refuses more than ten without a window.
        if int(mapping.properties.get("MaximumBatchingWindowInSeconds", 0)) != (1 if most > 10 else 0):
            yield f"{mapping.name}: MaximumBatchingWindowInSeconds delays messages, and larger batches need one second"


@rule
def nothing_is_given_up_unseen(template: Template) -> Iterator[str]:
    for _, queue, _ in template.mappings():
        redrive = queue.properties.get("RedrivePolicy", {})
        letters = template.target(redrive.get("deadLetterTargetArn"))
        if letters is None:
            yield f"{queue.name}: it has no dead-letter queue"
        elif int(letters.properties.get("MessageRetentionPeriod", 4 * DAY)) < 14 * DAY:
            yield f"{letters.name}: dead letters must be kept for 14 days"
        if redrive.get("maxReceiveCount") != 20:
            yield f"{queue.name}: maxReceiveCount must be 20"
        if int(queue.properties.get("MessageRetentionPeriod", 4 * DAY)) < 4 * DAY:
            yield f"{queue.name}: messages must be kept for 4 days"
    quarantine = template.resources.get("QuarantineQueue")
    if quarantine and int(quarantine.properties.get("MessageRetentionPeriod", 4 * DAY)) < 14 * DAY:
        yield "QuarantineQueue: bodies must be kept for 14 days"


@rule
def the_door_is_throttled(template: Template) -> Iterator[str]:
    stages = template.of("AWS::ApiGatewayV2::Stage")
    if not stages:
        yield "there is no stage"
    for stage in stages:
        limits = stage.properties.get("DefaultRouteSettings", {})
        for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            if not limits.get(name):
                yield f"{stage.name}: {name} must be set"


@rule
def the_routes_are_the_documented_ones(template: Template) -> Iterator[str]:
    for api in template.of("AWS::ApiGatewayV2::Api"):
        paths = api.properties.get("Body", {}).get("paths", {})
        served = {f"{method} {path}" for path, methods in paths.items() for method in methods}
        for route in sorted(served ^ ROUTES):
            yield f"{api.name}: {route} is " + ("missing" if route in ROUTES else "not a documented route")
        for path, methods in paths.items():
            for method, operation in methods.items():
                integration = operation.get("x-amazon-apigateway-integration", {})
                if (
                    "${Ingest.Arn}" not in str(integration.get("uri"))
                    or integration.get("payloadFormatVersion") != "2.0"
                ):
                    yield f"{api.name}: {method} {path} must reach the ingest function with payload 2.0"


@rule
def there_is_one_door(template: Template) -> Iterator[str]:
    for url in template.of("AWS::Lambda::Url"):
        yield f"{url.name}: a function URL is a second door, without a throttle"
    for permission in template.of("AWS::Lambda::Permission"):
        properties = permission.properties
        if properties.get("Principal") != "apigateway.amazonaws.com" or not properties.get("SourceArn"):
            yield f"{permission.name}: only this API may call"
        target = template.target(properties.get("FunctionName"))
        if target is None or target.name != "Ingest":
            yield f"{permission.name}: only the ingest function may be called"


@rule
def the_table_keeps_what_it_should(template: Template) -> Iterator[str]:
    table = template.resources.get("Table")
    if table is None:
        yield "there is no table"
        return
    keys = {key["AttributeName"]: key["KeyType"] for key in table.properties.get("KeySchema", [])}
    types = {key["AttributeName"]: key["AttributeType"] for key in table.properties.get("AttributeDefinitions", [])}
    expected = {
        "BillingMode must be PAY_PER_REQUEST": table.properties.get("BillingMode") == "PAY_PER_REQUEST",
        "its keys must be pk and sk, both strings": (keys, types)
        == ({"pk": "HASH", "sk": "RANGE"}, {"pk": "S", "sk": "S"}),
        "expires_at must be its time to live": table.properties.get("TimeToLiveSpecification")
        == {"AttributeName": "expires_at", "Enabled": True},
        "it must be encrypted": table.properties.get("SSESpecification", {}).get("SSEEnabled") is True,
        "it must have point-in-time recovery": table.properties.get("PointInTimeRecoverySpecification")
        == {"PointInTimeRecoveryEnabled": True},
        "it must outlive the stack": table.whole.get("DeletionPolicy") == "Retain",
        "it must outlive its replacement": table.whole.get("UpdateReplacePolicy") == "Retain",
    }
    yield from (f"Table: {complaint}" for complaint, good in expected.items() if not good)


@rule
def roles_allow_what_is_needed_and_no_more(template: Template) -> Iterator[str]:
    for function in template.functions():
        role = template.target(function.properties.get("Role"))
        if role is None:
            yield f"{function.name}: its role must be one of the template's"
            continue
        granted, needed = set(template.grants(role)), PERMISSIONS.get(function.name, set())
        if function.name == "Responder":
            values = template.values
            needed = needed | models(values["BedrockModels"]) | assistant(values["AssistantConfig"])
        for action, resource in sorted(granted ^ needed):
            word = "is more than it needs" if (action, resource) in granted else "is missing"
            yield f"{role.name}: {action} on {resource} {word}"
        for policy in role.properties.get("ManagedPolicyArns", []):
            yield f"{role.name}: the managed policy {policy} allows more than is needed"


@rule
def roles_are_for_lambda_alone(template: Template) -> Iterator[str]:
    for role in template.of("AWS::IAM::Role"):
        for statement in role.properties["AssumeRolePolicyDocument"]["Statement"]:
            if statement.get("Principal") != {"Service": "lambda.amazonaws.com"}:
                yield f"{role.name}: only Lambda may take this role"


@rule
def the_operator_learns_the_addresses(template: Template) -> Iterator[str]:
    outputs = template.raw.get("Outputs", {})
    for name in (
        "InboundUrl",
        "IngestSecret",
        "ResponderSecret",
        "TableName",
        "WorkQueueUrl",
        "AgentQueueUrl",
        "DeadLetterQueueUrl",
        "QuarantineQueueUrl",
    ):
        if name not in outputs:
            yield f"the output {name} is missing"
