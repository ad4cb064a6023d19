"""What the READMEs promise of the deployment: settings, routes, permissions, alarms."""

# The settings in the READMEs of both functions, and what each address in it must point to.
ENVIRONMENT = {
    "Ingest": {
        "QUEUE_URL": "WorkQueue",
        "AGENT_QUEUE_URL": "AgentQueue",
        "QUARANTINE_QUEUE_URL": "QuarantineQueue",
        "INGEST_SECRET_ID": "IngestSecret",
        "LANGUAGES": None,
    },
    "Responder": {
        "QUEUE_URL": "WorkQueue",
        "AGENT_QUEUE_URL": "AgentQueue",
        "RESPONDER_SECRET_ID": "ResponderSecret",
        "TABLE_NAME": "Table",
        "BRAZE_ENDPOINT": None,
        "BRAZE_CAMPAIGN_ID": None,
        "BRAZE_DELIVERY": None,
        "BRAZE_CANVAS_ID": None,
        "BRAZE_APP_ID": None,
        "BRAZE_SUBSCRIPTION_GROUP_ID": None,
        "BRAZE_TEMPLATE": None,
        "BRAZE_TEMPLATE_LANGUAGE": None,
        "AI_BACKEND": None,
        "AI_BASE_URL": None,
        "AI_MODEL": None,
        "DESK": None,
        "DESK_URL": None,
        "DESK_ACCOUNT": None,
        "DESK_INBOX": None,
        "DESK_INBOX_IDENTIFIER": None,
        "DESK_LABEL": None,
        "ON_UNKNOWN": None,
        "ASSISTANT_CONFIG": None,
    },
}
ROUTES = {
    "post /inbound",
    "post /inbound/{route}",
    "post /conversations/messages",
    "post /conversations/takeover",
    "post /conversations/release",
    "post /conversations/erase",
    "post /conversations/flows",
    "post /conversations/answers",
    "post /conversations/chatwoot",
    "get /health",
}
# What each function may do, and to what. X-Ray alone knows no resources.
PERMISSIONS = {
    "Ingest": {
        ("sqs:SendMessage", "WorkQueue"),
        ("sqs:SendMessage", "AgentQueue"),
        ("sqs:SendMessage", "QuarantineQueue"),
        ("secretsmanager:GetSecretValue", "IngestSecret"),
        ("logs:CreateLogStream", "IngestLogs"),
        ("logs:PutLogEvents", "IngestLogs"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    },
    "Responder": {
        *(
            (f"sqs:{action}", queue)
            for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
            for queue in ("WorkQueue", "AgentQueue")
        ),
        *(
            (f"dynamodb:{action}", "Table")
            for action in ("GetItem", "BatchGetItem", "PutItem", "UpdateItem", "DeleteItem", "Query")
        ),
        ("secretsmanager:GetSecretValue", "ResponderSecret"),
        ("logs:CreateLogStream", "ResponderLogs"),
        ("logs:PutLogEvents", "ResponderLogs"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    },
}


def models(named: str) -> set[tuple[str, str]]:
    """What the responder may do where models of Bedrock are named: call these, and through a profile its own."""
    if not named:
        return set()
    through = {"StringLike": {"bedrock:InferenceProfileArn": named.split(",")}}
    behind = {"Fn::Sub": "arn:${AWS::Partition}:bedrock:*::foundation-model/*"}
    return {("bedrock:InvokeModel", resource) for resource in (*named.split(","), f"{behind} if {through}")}


def assistant(place: str) -> set[tuple[str, str]]:
    """What the responder may do where its assistant is kept at AWS: read that one object, or that one parameter."""
    if place.startswith("s3://"):
        resource = ["arn:${AWS::Partition}:s3:::${Object}", {"Object": place.removeprefix("s3://")}]
        return {("s3:GetObject", str({"Fn::Sub": resource}))}
    if place.startswith("ssm:"):
        arn = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Name}"
        return {("ssm:GetParameter", str({"Fn::Sub": [arn, {"Name": place.removeprefix("ssm:")}]}))}
    return set()


# What the functions count themselves and an alarm watches, and whose count it is.
COUNTED = {
    ("Unauthorized", "Ingest"),
    ("UnknownSend", "Responder"),
    ("Flagged", "Responder"),
    ("Cut", "Responder"),
    ("Fallback", "Responder"),
    ("Parked", "Responder"),
    ("DeskFailed", "Responder"),
    ("DeskRefused", "Responder"),
    ("ProfileFailed", "Responder"),
    ("LoopBroken", "Responder"),
    ("ToolFailed", "Responder"),
    ("WindowClosed", "Responder"),
    ("DeploymentOverBudget", "Responder"),
}
# Every metric that is watched, and the resource it is watched for.
WATCHED = COUNTED | {
    ("ApproximateNumberOfMessagesVisible", "DeadLetterQueue"),
    ("ApproximateNumberOfMessagesVisible", "QuarantineQueue"),
    ("ApproximateAgeOfOldestMessage", "WorkQueue"),
    ("ApproximateAgeOfOldestMessage", "AgentQueue"),
    ("5xx", "Api"),
    ("Errors", "Ingest"),
    ("Errors", "Responder"),
    # Not at the first: one file that cannot be opened may be the customer's own.
    ("MediaFailed", "Responder"),
}
# What the dashboard shows beside that: who waits, what happens, what it costs.
SHOWN = {
    ("ApproximateAgeOfOldestMessage", "DeadLetterQueue"),
    ("ApproximateNumberOfMessagesVisible", "WorkQueue"),
    ("ApproximateNumberOfMessagesVisible", "AgentQueue"),
    ("Throttles", "Ingest"),
    ("Throttles", "Responder"),
    ("Quarantined", "Ingest"),
    ("Unavailable", "Ingest"),
    ("Queued", "Ingest"),
    ("Unreadable", "Responder"),
    ("RowSkipped", "Responder"),
    ("AiFailed", "Responder"),
    ("SendDelayed", "Responder"),
    ("ProfileFailed", "Responder"),
    ("Answered", "Responder"),
    ("AgentAnswered", "Responder"),
    ("HandedOff", "Responder"),
    ("Forwarded", "Responder"),
    ("SilentByOptOut", "Responder"),
    ("OverBudget", "Responder"),
    ("AiInputTokens", "Responder"),
    ("AiOutputTokens", "Responder"),
}
# AWS's own metrics that are looked at, by the dimension under which they are told (each service's guide, "metrics").
AWS_METRICS = {
    "AWS/SQS": {
        "QueueName": {
            "ApproximateAgeOfOldestMessage",
            "ApproximateNumberOfMessagesVisible",
            "ApproximateNumberOfMessagesNotVisible",
        }
    },
    "AWS/Lambda": {"FunctionName": {"Errors", "Throttles", "Duration", "ConcurrentExecutions"}},
    "AWS/ApiGateway": {"ApiId": {"5xx"}},
}
