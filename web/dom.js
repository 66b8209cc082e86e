// @ts-check
// Small things to do with a document.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** @param {string} label @param {string} className @param {() => void} onClick */
export function button(label, className, onClick) {
  const node = element('button', className, label);
  node.type = 'button';
  node.addEventListener('click', onClick);
  return node;
}

/** Writes only what differs, so that nothing is announced or laid out for nothing. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {string} id */
export const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Where what a page says is written in it: the attribute that has the key, and what it is the text of. */
const PLACES = /** @type {const} */ ([['data-label', 'aria-label'], ['data-placeholder', 'placeholder'], ['data-title', 'title']]);

/**
 * Puts a page's own words in the reader's language.
 * @param {import('./texts.js').Say} say @param {string} language
 */
export function localize(say, language) {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll('[data-text]')) setText(node, say(node.getAttribute('data-text') ?? ''));
  for (const [from, to] of PLACES) {
    for (const node of document.querySelectorAll(`[${from}]`)) node.setAttribute(to, say(node.getAttribute(from) ?? ''));
  }
}
