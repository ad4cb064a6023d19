"""What is measured on a page: each a script that returns what is wrong with it."""

# Controls that a screen reader could not call by a name.
NAMELESS = """
return [...document.querySelectorAll('button, input, textarea, select, [role=tab]')]
  .filter((node) => node.checkVisibility())
  .filter((node) => !node.ariaLabel && !node.innerText?.trim())
  .filter((node) => ![...(node.labels ?? [])].some((label) => label.innerText.trim()))
  .map((node) => node.outerHTML)
"""

# Texts with less contrast to what is behind them than 4.5 to 1.
PALE = """
const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const over = ([r, g, b, a], under) => [r, g, b].map((part, at) => (part * a + under[at] * (255 - a)) / 255);
const behind = (node) => {
  if (!node) return [255, 255, 255];
  const color = rgba(getComputedStyle(node).backgroundColor);
  return color[3] === 255 ? color.slice(0, 3) : over(color, behind(node.parentElement));
};
const light = (color) => {
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = color.map((part) => linear(part / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (node) => {
  const back = behind(node);
  const [one, other] = [light(over(rgba(getComputedStyle(node).color), back)), light(back)].sort((a, b) => b - a);
  return (one + 0.05) / (other + 0.05);
};
return [...document.querySelectorAll('body *')]
  .filter((node) => node.checkVisibility())
  .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
  .filter((node) => !node.closest(':disabled, .unseen'))
  .filter((node) => contrast(node) < 4.5)
  .map((node) => `${node.outerHTML.slice(0, 120)} ${contrast(node).toFixed(2)}`)
"""

# Visible controls that stand outside the window at its right or left and in nothing that scrolls there.
CUT = """
return [...document.querySelectorAll('button, input, textarea, select, summary')]
  .filter((node) => node.checkVisibility() && !node.closest('#suggestions'))
  .filter((node) => {
    const { left, right } = node.getBoundingClientRect();
    return right > innerWidth + 1 || left < -1;
  })
  .map((node) => node.outerHTML.slice(0, 120))
"""
