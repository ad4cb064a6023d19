// What stands on the phone, with WhatsApp's markup. Text only ever becomes text nodes, so nothing in it can be markup of the
// page.

const WRITERS = { user: "You", brand: "The brand", nobody: "Not delivered" };

const chat = document.getElementById("chat");
const template = document.getElementById("bubble");
let shown = [];

new ResizeObserver(toBottom).observe(chat);

/** Shows a phone's messages, and among them why something reached nobody. Only what is new or different is drawn anew. */
export function show(messages, undelivered) {
  const lines = [...messages, ...undelivered.map(note)].sort((a, b) => a.at - b.at);
  const keys = lines.map((line) => JSON.stringify(line));
  const changed = keys.findIndex((key, at) => key !== shown[at]);
  const kept = changed < 0 ? keys.length : changed;
  while (chat.children.length > kept) chat.lastChild.remove();
  chat.append(...lines.slice(kept).map(bubble));
  if (kept < keys.length) toBottom();
  shown = keys;
  chat.ariaLive = "polite";
}

/** Takes another phone: what stands on it is no news to be read out. */
export function clear() {
  chat.ariaLive = "off";
  chat.replaceChildren();
  shown = [];
}

function toBottom() {
  chat.scrollTop = chat.scrollHeight;
}

function note({ at, campaign, explanation }) {
  return { at, from: "nobody", text: `Not delivered by the campaign “${campaign}”: ${explanation}.` };
}

function bubble({ from, text, at }) {
  const item = template.content.cloneNode(true).firstElementChild;
  const [time, when] = [item.querySelector("time"), new Date(at)];
  item.className = from;
  item.querySelector("p").textContent = `${WRITERS[from]}:`;
  item.querySelector(".text").append(from === "nobody" ? text : rendered(text));
  time.dateTime = when.toISOString();
  time.textContent = when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return item;
}

// WhatsApp's markup

const BLOCK = /```([^]+?)```\n?/;
const LINE = /^(?:(?<quote>> ?)|(?<bullet>[*-] )|(?<number>\d{1,9})\. )(?<rest>.*\S.*)$/;
// A marker stands between a letter or digit and something else, with no white space on its inner side.
const SPAN =
  /`(?<code>[^`\n]+)`|(?<url>https?:\/\/[^\s<>"`]*[\p{L}\p{N}/])|(?<![\p{L}\p{N}])(?<marker>[*_~])(?<inner>(?!\s|\k<marker>).{0,4096}?[^\s])\k<marker>(?![\p{L}\p{N}])/gu;
const TAGS = { "*": "strong", _: "em", "~": "s" };

/** What WhatsApp shows for `text`, as a fragment. Its container keeps white space. */
function rendered(text) {
  const fragment = document.createDocumentFragment();
  text.split(BLOCK).forEach((part, at) => {
    if (at % 2) fragment.append(element("pre", element("code", part.replace(/^\n|\n$/g, ""))));
    else if (part) fragment.append(...lines(part.replace(/\n$/, "").split(/\r?\n/)));
  });
  return fragment;
}

function lines(lines) {
  const nodes = [];
  for (const line of lines) {
    const { quote, bullet, number, rest } = line.match(LINE)?.groups ?? {};
    const last = nodes.at(-1);
    if (quote) within("blockquote", last, nodes).append(element("div", ...spans(rest)));
    else if (bullet) within("ul", last, nodes).append(element("li", ...spans(rest)));
    else if (number) within("ol", last, nodes).append(numbered(number, rest));
    else nodes.push(element("div", ...spans(line)));
  }
  return nodes;
}

/** The element that is being filled, if it is of this kind; otherwise a new one. */
function within(tag, last, nodes) {
  if (last?.localName !== tag) nodes.push(element(tag));
  return nodes.at(-1);
}

function numbered(number, rest) {
  const item = element("li", ...spans(rest));
  item.value = Number(number);
  return item;
}

function spans(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(SPAN)) {
    const { code, url, marker, inner } = found.groups;
    nodes.push(text.slice(end, found.index));
    if (code) nodes.push(element("code", code));
    else if (url) nodes.push(link(url));
    else nodes.push(element(TAGS[marker], ...spans(inner)));
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function link(url) {
  const node = element("a", url);
  Object.assign(node, { href: url, target: "_blank", rel: "noopener noreferrer" });
  return node;
}

function element(tag, ...children) {
  const node = document.createElement(tag);
  node.append(...children);
  return node;
}
