"""The deployed whole, from the webhook to Braze: built functions, the template, an emulated AWS, a stand-in Braze."""

import base64
import json
import platform
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from emulator import Answer, Deployment, Emulator
from rules import findings
from stand_in_braze import Request, StandInBraze
from template import REQUIRED, Template

WEBHOOK_TOKEN = "canary-webhook-token"
AGENT_TOKEN = "canary-agent-token"
BRAZE_KEY = "canary-braze-key"
PHONE = "+15550001111"
CANARY = "zanzibar"  # In every text a user writes here; it must be in no log.
QUESTION = f"What are your opening hours in {CANARY}?"
PATHS = [
    "/inbound",
    "/inbound/sales",
    "/conversations/messages",
    "/conversations/takeover",
    "/conversations/release",
    "/conversations/erase",
]
HOSTILE_TEXTS = [
    'hi", "user_id": "victim',
    'hi", "phone_number": "+15559999999", "message": "other?',
    '"}], "recipients": [{"external_user_id": "victim"}]?',
    "a\nb\r\n\tc\\",
    '{{${user_id}}} {% abort_message("x") %}?',
    "Ω👍🏽 \u202e?",
]
ARCHITECTURE = "x86_64" if platform.machine() == "x86_64" else "arm64"
# How long an answer may take here, and how long to watch that none comes.
ANSWERED_WITHIN = 40
WATCHED_FOR = 2


@dataclass(frozen=True)
class World:
    """Everything between the webhook and Braze."""

    emulator: Emulator
    deployment: Deployment
    braze: StandInBraze
    before_the_secrets: Answer

    def inbound(self, body: str, token: str = WEBHOOK_TOKEN, path: str = "/inbound") -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.deployment.request("POST", path, body.encode(), headers)

    def act(self, action: str, body: dict[str, str], token: str = AGENT_TOKEN) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.deployment.request("POST", f"/conversations/{action}", json.dumps(body).encode(), headers)

    def answers(self, user: str, count: int = 1) -> list[Request]:
        """Waits for so many answers to a user and for rest in the queues; returns all there are."""
        wait_until(lambda: len(self.braze.sends_to(user)) >= count, f"{count} answers to {user}")
        wait_until(self.at_rest, "rest in the queues")
        return self.braze.sends_to(user)

    def at_rest(self) -> bool:
        return not self.deployment.waiting("WorkQueueUrl") and not self.deployment.waiting("AgentQueueUrl")


def wait_until(condition: Callable[[], bool], what: str, seconds: float = ANSWERED_WITHIN) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("emulator")
    with StandInBraze() as braze, Emulator(folder) as emulator:
        parameters = REQUIRED | {"Architecture": ARCHITECTURE, "BrazeEndpoint": braze.address}
        deployment = Deployment(emulator, parameters)
        headers = {"Authorization": f"Bearer {WEBHOOK_TOKEN}"}
        before = deployment.request("POST", "/inbound", documented(user(), QUESTION).encode(), headers)
        deployment.put_secret("IngestSecret", {"webhook_token": WEBHOOK_TOKEN, "agent_token": AGENT_TOKEN})
        deployment.put_secret("ResponderSecret", {"braze_api_key": BRAZE_KEY})
        time.sleep(1.1)  # A refused secret is read again after a second.
        yield World(emulator, deployment, braze, before)
        if request.session.testsfailed:
            report(deployment, emulator)


def report(deployment: Deployment, emulator: Emulator) -> None:
    """What the functions and the emulator wrote, for whoever reads a failed run."""
    for function in ("ingest", "responder"):
        print(f"---- {function}", *deployment.logs(function)[-200:], sep="\n")
    print("---- emulator", emulator.log.read_text()[-5000:], sep="\n")


def user() -> str:
    return f"guest-{uuid.uuid4().hex[:12]}"


def documented(user_id: str, text: str, phone: str = PHONE) -> str:
    """The body of the template that Braze documents: values as they are, nothing escaped."""
    return f'{{\n  "user_id": "{user_id}",\n  "phone_number": "{phone}",\n  "message": "{text}"\n}}'


def recommended(user_id: str, text: str, **more: Any) -> str:
    """The body of the recommended template."""
    body = {
        "v": 1,
        "dispatch_id": uuid.uuid4().hex,
        "sent_at": str(int(time.time())),
        "user_id": user_id,
        "braze_id": uuid.uuid4().hex[:24],
        "phone_number": PHONE,
        "language": "en",
        "profile_name": "Ada",
        "media_urls": "",
    }
    return json.dumps(body | more | {"message": text})


def text_of(send: Request) -> str:
    return send.recipient["trigger_properties"]["external_system_msg_body"]


def test_before_its_secret_is_filled_the_door_lets_braze_try_again(world: World) -> None:
    assert world.before_the_secrets.status == 503


def test_our_rules_hold_for_what_was_deployed(world: World) -> None:
    assert findings(Template(world.deployment.processed, REQUIRED)) == []


def test_health_needs_no_token(world: World) -> None:
    assert world.deployment.request("GET", "/health").status == 200


@pytest.mark.parametrize("body", [documented, recommended])
def test_a_message_gets_exactly_one_answer(world: World, body: Callable[[str, str], str]) -> None:
    who = user()
    answer = world.inbound(body(who, QUESTION))
    assert (answer.status, answer.body["state"]) == (202, "queued")
    assert answer.body["message_id"]
    (send,) = world.answers(who)
    assert send.authorization == f"Bearer {BRAZE_KEY}"
    assert send.body["campaign_id"] == REQUIRED["BrazeCampaignId"]
    assert send.recipient["external_user_id"] == who
    assert text_of(send).strip()
    assert not {"broadcast", "audience"} & send.body.keys()


def test_a_wrong_token_is_refused_and_nothing_is_queued(world: World) -> None:
    who = user()
    for path in PATHS:
        other = AGENT_TOKEN if path.startswith("/inbound") else WEBHOOK_TOKEN
        for token in ("wrong", "", other):
            assert world.inbound(documented(who, QUESTION), token, path).status == 401, path
        assert world.deployment.request("POST", path, documented(who, QUESTION).encode()).status == 401, path
    time.sleep(WATCHED_FOR)
    assert world.at_rest()
    assert world.braze.sends_to(who) == []


def test_chatwoots_route_is_not_there_before_its_secret_is(world: World) -> None:
    assert world.act("chatwoot", {}).status == 404


def test_no_text_changes_who_is_answered(world: World) -> None:
    asked = {user(): (body, text) for body in (documented, recommended) for text in HOSTILE_TEXTS}
    for who, (body, text) in asked.items():
        assert world.inbound(body(who, f"{CANARY} {text}")).status == 202, text
    for who, how in asked.items():
        assert len(world.answers(who)) == 1, how
    assert not [send for send in world.braze.sends() if send.recipient.get("external_user_id") == "victim"]


def test_a_burst_gets_one_answer_after_its_quiet_period(world: World) -> None:
    who = user()
    for fragment in ("hi", "one sec", f"{CANARY}"):
        assert world.inbound(recommended(who, fragment)).status == 202
        last = time.time()
        time.sleep(0.5)
    (send,) = world.answers(who)
    # Not before the quiet period of 3 s, and long before the queue's own 90 s: a message comes back when it is told to.
    assert 2 <= send.at - last <= ANSWERED_WITHIN


def test_the_same_webhook_twice_gets_one_answer(world: World) -> None:
    who = user()
    body = recommended(who, QUESTION)
    first, second = world.inbound(body), world.inbound(body)
    assert first.body["message_id"] == second.body["message_id"]
    assert len(world.answers(who)) == 1
    assert world.inbound(body).status == 202
    assert len(world.answers(who)) == 1


def test_a_reply_that_braze_refuses_for_now_is_sent_later(world: World) -> None:
    who = user()
    world.braze.refuse_once(seconds=2)
    refused = time.time()
    assert world.inbound(recommended(who, QUESTION)).status == 202
    (send,) = world.answers(who)
    assert send.at - refused >= 1


def test_what_cannot_be_read_is_kept_in_quarantine(world: World) -> None:
    body = f'{{"surprise": "{CANARY}"}}'
    assert world.inbound(body).status == 202
    wait_until(lambda: world.deployment.waiting("QuarantineQueueUrl") > 0, "the body in quarantine")
    kept = world.deployment.take("QuarantineQueueUrl")
    encoded = base64.b64encode(body.encode()).decode()
    assert any(encoded in text for text in kept)
    assert not any(CANARY in text for text in kept)


def test_a_person_who_takes_over_is_not_talked_over(world: World) -> None:
    who = user()
    assert world.act("takeover", {"conversation": f"user:{who}"}).status == 202
    wait_until(world.at_rest, "rest in the queues")
    assert world.inbound(recommended(who, QUESTION)).status == 202
    assert (
        world.act("messages", {"conversation": f"user:{who}", "text": f"A person here, about {CANARY}"}).status == 202
    )
    (send,) = world.answers(who)
    assert text_of(send) == f"A person here, about {CANARY}"
    assert world.act("release", {"conversation": f"user:{who}"}).status == 202
    wait_until(world.at_rest, "rest in the queues")
    assert world.inbound(recommended(who, QUESTION)).status == 202
    assert len(world.answers(who, 2)) == 2


def test_nothing_was_given_up(world: World) -> None:
    wait_until(world.at_rest, "rest in the queues")
    assert world.deployment.take("DeadLetterQueueUrl") == []


def test_logs_are_json_and_hold_no_words_no_user_and_no_secret(world: World) -> None:
    for function in ("ingest", "responder"):
        lines = [line for line in world.deployment.logs(function) if line.startswith("{")]
        assert lines, f"{function} has logged nothing"
        for line in lines:
            json.loads(line)
        for canary in (WEBHOOK_TOKEN, AGENT_TOKEN, BRAZE_KEY, PHONE.strip("+"), CANARY, "guest-", "victim"):
            assert not [line for line in world.deployment.logs(function) if canary in line], f"{function} logs {canary}"


def test_refused_tokens_are_counted_where_the_alarm_looks(world: World) -> None:
    lines = [json.loads(line) for line in world.deployment.logs("ingest") if line.startswith("{")]
    refusals = [line for line in lines if "_aws" in line and "Unauthorized" in line]
    assert refusals, "no refusal was counted"
    alarms = world.emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (alarm,) = [alarm for alarm in alarms if alarm["MetricName"] == "Unauthorized"]
    (dimension,) = alarm["Dimensions"]
    assert dimension["Value"] == world.deployment.resources["Ingest"]
    for line in refusals:
        (metric,) = line["_aws"]["CloudWatchMetrics"]
        assert metric["Namespace"] == alarm["Namespace"]
        assert metric["Dimensions"] == [[dimension["Name"]]]
        assert line[dimension["Name"]] == dimension["Value"]
