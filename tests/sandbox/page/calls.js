// Asking the sandbox for something, and saying in words what failed.

import { warn } from "./element.js";

async function ask(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options }).catch(() => {
    throw new Error("The sandbox does not answer. Start it again with: cargo run");
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await reason(answer)}`);
  return answer.json();
}

async function reason(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error ?? text;
  } catch {
    return text;
  }
}

/** What `path` gives. */
export const get = (path) => ask(path);

/** Sends `body` to `path` and gives the answer. */
export const post = (path, body, headers = {}) =>
  ask(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** Does what the user asked for, and says what failed; whether it was done. */
export async function attempt(action) {
  const failure = await action().then(() => "", ({ message }) => message);
  warn("refusal", failure && `Not done. ${failure}`);
  return !failure;
}

/** The sandbox's path to what is known of a conversation. */
export const pathOf = (what, conversation) => `sandbox/${what}/${encodeURIComponent(conversation)}`;
