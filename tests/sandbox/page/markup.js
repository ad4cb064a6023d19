// WhatsApp's markup. Text only ever becomes text nodes, so nothing in it can be markup of the page.

const BLOCK = /```([^]+?)```\n?/;
const LINE = /^(?:(?<quote>> ?)|(?<bullet>[*-] )|(?<number>\d{1,9})\. )(?<rest>.*\S.*)$/;
// A marker stands between a letter or digit and something else, with no white space on its inner side.
const SPAN =
  /`(?<code>[^`\n]+)`|(?<url>https?:\/\/[^\s<>"`]*[\p{L}\p{N}/])|(?<![\p{L}\p{N}])(?<marker>[*_~])(?<inner>(?!\s|\k<marker>).{0,4096}?[^\s])\k<marker>(?![\p{L}\p{N}])/gu;
const TAGS = { "*": "strong", _: "em", "~": "s" };

/** What WhatsApp shows for `text`, as a fragment. Its container keeps white space. */
export function rendered(text) {
  const fragment = document.createDocumentFragment();
  text.split(BLOCK).forEach((part, at) => {
    if (at % 2) fragment.append(holding("pre", holding("code", part.replace(/^\n|\n$/g, ""))));
    else if (part) fragment.append(...lines(part.replace(/\n$/, "").split(/\r?\n/)));
  });
  return fragment;
}

function lines(lines) {
  const nodes = [];
  for (const line of lines) {
    const { quote, bullet, number, rest } = line.match(LINE)?.groups ?? {};
    const last = nodes.at(-1);
    if (quote) within("blockquote", last, nodes).append(holding("div", ...spans(rest)));
    else if (bullet) within("ul", last, nodes).append(holding("li", ...spans(rest)));
    else if (number) within("ol", last, nodes).append(numbered(number, rest));
    else nodes.push(holding("div", ...spans(line)));
  }
  return nodes;
}

/** The element that is being filled, if it is of this kind; otherwise a new one. */
function within(tag, last, nodes) {
  if (last?.localName !== tag) nodes.push(holding(tag));
  return nodes.at(-1);
}

function numbered(number, rest) {
  const item = holding("li", ...spans(rest));
  item.value = Number(number);
  return item;
}

function spans(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(SPAN)) {
    const { code, url, marker, inner } = found.groups;
    nodes.push(text.slice(end, found.index));
    if (code) nodes.push(holding("code", code));
    else if (url) nodes.push(link(url));
    else nodes.push(holding(TAGS[marker], ...spans(inner)));
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function link(url) {
  const node = holding("a", url);
  Object.assign(node, { href: url, target: "_blank", rel: "noopener noreferrer" });
  return node;
}

/** A new element with these children. */
function holding(tag, ...children) {
  const node = document.createElement(tag);
  node.append(...children);
  return node;
}
