// The calls to make by hand: the webhook as Braze would post it, and an agent's.

import { $, put } from "./element.js";
import { nameOf } from "./people.js";

/** Stands for the time of the call, which the shell knows; no user types it. */
const TIME = "\u{F8FF}";

/** A body as Braze would render its template, with the words and the person of the page. */
function filled(template, person, text) {
  const [isPhone, id] = [person.startsWith("alias:phone:"), person.replace(/^(user|braze|alias:phone):/, "")];
  const values = { inbound_message_body: text || "When are you open?", language: "en" };
  values[isPhone ? "phone_number" : person.startsWith("braze:") ? "braze_id" : "user_id"] = id;
  return template.replace(/\{\{(.*?)\}\}(?!\})/g, (_, tag) => {
    if (tag.includes("dispatch_id")) return `curl-${TIME}`;
    if (tag.includes("'now'")) return TIME;
    const value = values[tag.match(/\$\{(\w+)\}/)?.[1]] ?? "";
    return tag.includes("json_escape") ? JSON.stringify(value).slice(1, -1) : value;
  });
}

/** Quoted for a shell, with the time of the call where the body wants it. */
const quoted = (text) => `'${text.replaceAll("'", `'\\''`).replaceAll(TIME, `'$(date +%s)'`)}'`;

const command = (url, token, body) =>
  `curl ${url} \\\n  -H ${quoted(`Authorization: Bearer ${token}`)} \\\n` +
  `  -H 'Content-Type: application/json' \\\n  --data-raw ${quoted(body)}`;

/** Shows the calls for `person`, with `text` as the words. */
export function show(state, person, text) {
  if (!state) return;
  const { url, webhook_token, agent_token, documented_body, recommended_body } = state;
  put($("curl-person"), nameOf(person));
  put($("curl-documented"), command(`${url}/inbound`, webhook_token, filled(documented_body, person, text)));
  put($("curl-recommended"), command(`${url}/inbound`, webhook_token, filled(recommended_body, person, text)));
  const said = JSON.stringify({ conversation: person, text: text || "Hello, this is Eve." });
  put($("curl-agent"), command(`${url}/conversations/messages`, agent_token, said));
}

async function copy({ target }) {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const text = button.previousElementSibling;
  getSelection().selectAllChildren(text);
  const copied = await navigator.clipboard?.writeText(text.textContent).then(() => true, () => false);
  put(button, copied ? "Copied" : "Press Ctrl+C");
  setTimeout(() => put(button, "Copy"), 1_500);
}

document.addEventListener("click", copy);
