// Making and changing elements. Text only ever becomes text: nothing here reads markup.

export const $ = (id) => document.getElementById(id);

/** A new element with properties, such as `textContent`, and children. */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** Sets a node's text, if it is another one: an unchanged node is not read out again. */
export function put(node, value) {
  const text = String(value ?? "");
  if (node.textContent !== text) node.textContent = text;
}

/** A button that does something. */
export function button(text, action, properties = {}) {
  const node = element("button", { type: "button", textContent: text, ...properties });
  node.addEventListener("click", action);
  return node;
}

/** Says `text` in a banner; nothing hides it. */
export function warn(id, text) {
  put($(id), text);
  $(id).hidden = !text;
}
