// The door's work as it is done in Node: the SDK, bundled, and the runtime interface client.

import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { SecretsManagerClient, GetSecretValueCommand } from "@aws-sdk/client-secrets-manager";

const sqs = new SQSClient({});
const secret = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: process.env.INGEST_SECRET_ID }));
const expected = digest(`Bearer ${JSON.parse(secret.SecretString).webhook_token}`);
const documented =
  /^\{ "user_id": "(?<user_id>[^"]*)", "phone_number": "(?<phone_number>[^"]*)", "message": "(?<message>.*)" \}$/s;

function digest(text) {
  return createHash("sha256").update(text).digest();
}

// The documented template escapes nothing, so it is no JSON.
function read(body) {
  const match = documented.exec(body);
  if (match) return { ...match.groups };
  try {
    const fields = JSON.parse(body);
    return fields.v === 1 ? fields : undefined;
  } catch {
    return undefined;
  }
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function log(level, message, more) {
  console.log(JSON.stringify({ level, message, timestamp: new Date().toISOString(), ...more }));
}

export async function handler(event) {
  if (!timingSafeEqual(digest(event.headers.authorization ?? ""), expected)) return answer(401, { error: "unauthorized" });
  const log_id = randomUUID();
  const fields = read(event.body);
  if (!fields) {
    const MessageBody = JSON.stringify({ body: event.body });
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUARANTINE_QUEUE_URL, MessageBody }));
    log("WARN", "parked", { log_id });
    return answer(202, { parked: true });
  }
  const message_id = digest([fields.dispatch_id ?? "", fields.user_id, fields.message].join("\0")).toString("hex");
  const message = { type: "inbound.v1", id: message_id, log_id, arrival: Date.now(), ...fields };
  await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: JSON.stringify(message) }));
  log("INFO", "queued", { log_id });
  return answer(202, { message_id });
}
