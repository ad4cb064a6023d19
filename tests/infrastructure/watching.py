"""What must hold of what an operator sees: alarms, the dashboard, the saved queries."""

import json
import re
from collections.abc import Iterator

from documented import AWS_METRICS, COUNTED, SHOWN, WATCHED
from rulebook import rule
from template import Resource, Template
from told import counted, known_metrics, logged


@rule
def what_goes_wrong_is_told(template: Template) -> Iterator[str]:
    watched = set()
    for alarm in template.of("AWS::CloudWatch::Alarm"):
        properties = alarm.properties
        for dimension in properties.get("Dimensions", []):
            target = template.target(dimension["Value"])
            watched.add((properties["MetricName"], target.name if target else dimension["Value"]))
        actions = [template.target(action) for action in properties.get("AlarmActions", [])]
        if not any(action and action.type == "AWS::SNS::Topic" for action in actions):
            yield f"{alarm.name}: it tells nobody"
        if len(properties.get("AlarmDescription", "")) < 80:
            yield f"{alarm.name}: its description must say what happened and what to do"
        if properties.get("TreatMissingData") != "notBreaching":
            yield f"{alarm.name}: where nobody writes there is no data, and that is no alarm"
        if properties.get("ActionsEnabled") is False:
            yield f"{alarm.name}: its actions are switched off"
    for metric, what in sorted(WATCHED - watched):
        yield f"nothing watches {metric} of {what}"


@rule
def two_stacks_of_one_account_do_not_alarm_each_other(template: Template) -> Iterator[str]:
    for alarm in template.of("AWS::CloudWatch::Alarm"):
        dimensions = alarm.properties.get("Dimensions", [])
        if not dimensions or any(template.target(dimension["Value"]) is None for dimension in dimensions):
            yield f"{alarm.name}: its dimension must be a resource of this stack"


@rule
def what_must_not_happen_at_all_is_told_at_once(template: Template) -> Iterator[str]:
    statistics = {metric: "Sum" for metric, _ in COUNTED} | {"ApproximateNumberOfMessagesVisible": "Maximum"}
    for alarm in template.of("AWS::CloudWatch::Alarm"):
        properties = alarm.properties
        if properties["MetricName"] not in statistics:
            continue
        first = properties.get("Threshold") == 0 and properties.get("ComparisonOperator") == "GreaterThanThreshold"
        statistic = properties.get("Statistic") == statistics[properties["MetricName"]]
        if not (first and statistic and properties.get("EvaluationPeriods") == 1):
            yield f"{alarm.name}: the first one must raise it"


@rule
def what_is_watched_is_counted(template: Template) -> Iterator[str]:
    for place, namespace, metric, dimension, resource in watched(template):
        if namespace != "Dragoman":
            if metric not in AWS_METRICS.get(namespace, {}).get(dimension, set()):
                yield f"{place}: {namespace} has no metric {metric} by {dimension}"
        elif metric not in known_metrics():
            yield f"{place}: the code knows no metric {metric}"
        elif dimension != "FunctionName" or resource not in ("Ingest", "Responder"):
            yield f"{place}: {metric} is told by the function's name alone"
        elif metric not in counted(resource):
            yield f"{place}: {resource} does not count {metric}"


@rule
def the_dashboard_shows_who_waits_and_why(template: Template) -> Iterator[str]:
    shown = {(metric, resource) for place, _, metric, _, resource in watched(template) if place.startswith("Dashboard")}
    for metric, resource in sorted((SHOWN | WATCHED) - shown):
        yield f"the dashboard does not show {metric} of {resource}"
    alarms = {alarm.name for alarm in template.of("AWS::CloudWatch::Alarm")}
    bodies = [
        text(dashboard.properties.get("DashboardBody")) for dashboard in template.of("AWS::CloudWatch::Dashboard")
    ]
    for alarm in sorted(alarms):
        if not any(f"${{{alarm}.Arn}}" in body for body in bodies):
            yield f"the dashboard does not show {alarm}"


@rule
def queries_look_for_what_is_logged(template: Template) -> Iterator[str]:
    fields, messages = logged()
    for query in template.of("AWS::Logs::QueryDefinition"):
        groups = {target.name for target in map(template.target, query.properties.get("LogGroupNames", [])) if target}
        if groups != {"IngestLogs", "ResponderLogs"}:
            yield f"{query.name}: it must look into the logs of both functions"
        words = query.properties["QueryString"]
        for field in sorted(named(words) - fields):
            yield f"{query.name}: no line of a log has {field}"
        for message in re.findall(r'\bmessage = "([^"]*)"', words):
            if message not in messages:
                yield f'{query.name}: no line of a log says "{message}"'


# The words of CloudWatch's query language that the queries here use.
LANGUAGE = {"fields", "filter", "sort", "stats", "limit", "by", "as", "and", "or", "not", "in", "like", "asc", "desc"}


def named(query: str) -> set[str]:
    """The fields that a query reads: neither the language's words nor functions nor names that it gives itself."""
    bare = re.sub(r'"[^"]*"|\b\d+\b', " ", query)
    given = set(re.findall(r"\bas (\w+)", bare))
    functions = set(re.findall(r"(\w+)\(", bare))
    return set(re.findall(r"@?[A-Za-z_]\w*(?:\.\w+)*", bare)) - LANGUAGE - given - functions


def watched(template: Template) -> Iterator[tuple[str, str, str, str, str]]:
    """Every metric of an alarm or a dashboard: where, and its namespace, name, dimension and resource."""
    for alarm in template.of("AWS::CloudWatch::Alarm"):
        for dimension in alarm.properties.get("Dimensions", []):
            target = template.target(dimension["Value"])
            resource = target.name if target else str(dimension["Value"])
            yield alarm.name, alarm.properties["Namespace"], alarm.properties["MetricName"], dimension["Name"], resource
    for dashboard in template.of("AWS::CloudWatch::Dashboard"):
        for namespace, metric, dimension, resource in rows(dashboard):
            known = re.fullmatch(r"\$\{(\w+)(?:\.\w+)?\}", resource)
            yield f"{dashboard.name}: {metric}", namespace, metric, dimension, known.group(1) if known else resource


def rows(dashboard: Resource) -> Iterator[list[str]]:
    """The metrics of a dashboard's widgets, each written out whole."""
    for widget in json.loads(text(dashboard.properties["DashboardBody"]))["widgets"]:
        for row in widget["properties"].get("metrics", []):
            yield [part for part in row if isinstance(part, str)]


def text(value: object) -> str:
    """A text with its substitutions still in it."""
    return value["Fn::Sub"] if isinstance(value, dict) else str(value)
