"""The door's work as it is done in Python: Powertools, boto3, the runtime interface client."""

import hashlib
import hmac
import json
import os
import re
import time
import uuid

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters

logger = Logger(service="ingest")
sqs = boto3.client("sqs")
TOKEN = json.loads(parameters.get_secret(os.environ["INGEST_SECRET_ID"]))["webhook_token"]
DOCUMENTED = re.compile(
    r'\{ "user_id": "(?P<user_id>[^"]*)", "phone_number": "(?P<phone_number>[^"]*)", "message": "(?P<message>.*)" \}',
    re.DOTALL,
)


def read(body):
    """The fields of a body by either template: the documented one escapes nothing, so it is no JSON."""
    if documented := DOCUMENTED.fullmatch(body):
        return documented.groupdict()
    try:
        fields = json.loads(body)
    except ValueError:
        return None
    return fields if fields.get("v") == 1 else None


def answer(status, **body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def handler(event, _context):
    given = event["headers"].get("authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {TOKEN}".encode()):
        return answer(401, error="unauthorized")
    log_id = uuid.uuid4().hex
    fields = read(event["body"])
    if fields is None:
        sqs.send_message(QueueUrl=os.environ["QUARANTINE_QUEUE_URL"], MessageBody=json.dumps({"body": event["body"]}))
        logger.warning("parked", log_id=log_id)
        return answer(202, parked=True)
    named = "\0".join([fields.get("dispatch_id", ""), fields["user_id"], fields["message"]])
    message_id = hashlib.sha256(named.encode()).hexdigest()
    message = {"type": "inbound.v1", "id": message_id, "log_id": log_id, "arrival": int(time.time() * 1000), **fields}
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(message))
    logger.info("queued", log_id=log_id)
    return answer(202, message_id=message_id)
