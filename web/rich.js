// @ts-check
// The parts of a message's text that are shown differently: code, links, mentions. Pure: nothing here makes an
// element of a stranger's text, it only says which stretch of it is what.

/**
 * Put together, the texts of all parts are the whole text without the marks of code.
 * @typedef {{kind: 'text' | 'code' | 'block' | 'mention', text: string}
 *   | {kind: 'link', text: string, href: string}} Part
 */

const CODE = /```(?:[\w+#.-]*\n)?([\s\S]+?)```|`([^`\n]+)`/g;
// A link ends where what cannot be seen could turn it round, and at the punctuation of scripts without spaces.
const LINK = /\bhttps?:\/\/[^\s<>"`\p{Cc}\p{Cf}，。、；：！？「」『』（）《》]+/giu;
/** Scripts that put no spaces between words: a name may stand anywhere in them. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * @param {string} text @param {string} [name] the reader's own
 * @returns {Part[]}
 */
export function partsOf(text, name = '') {
  return mapOutsideCode(text, (plain) => linked(plain, name));
}

/** The same text with `change` made to all that is no code. @param {string} text @param {(plain: string) => string} change */
export function changedOutsideCode(text, change) {
  let changed = '';
  let from = 0;
  for (const found of text.matchAll(CODE)) {
    changed += change(text.slice(from, found.index)) + found[0];
    from = found.index + found[0].length;
  }
  return changed + change(text.slice(from));
}

/** @param {string} text @param {(plain: string) => Part[]} inner @returns {Part[]} */
function mapOutsideCode(text, inner) {
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(CODE)) {
    const [whole, block, code] = found;
    if ((block ?? code).trim() === '') continue;
    parts.push(...inner(text.slice(from, found.index)));
    parts.push(block === undefined ? {kind: 'code', text: code} : {kind: 'block', text: block.replace(/\n$/, '')});
    from = found.index + whole.length;
  }
  parts.push(...inner(text.slice(from)));
  return parts;
}

/** @param {string} text @param {string} name @returns {Part[]} */
function linked(text, name) {
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    const shown = withoutTail(found[0]);
    const href = hrefOf(shown);
    if (href === '') continue;
    parts.push(...mentioned(text.slice(from, found.index), name), {kind: 'link', text: shown, href});
    from = found.index + shown.length;
  }
  parts.push(...mentioned(text.slice(from), name));
  return parts;
}

/** A link without the punctuation of the sentence around it. @param {string} link */
function withoutTail(link) {
  let shown = link;
  for (;;) {
    const last = shown.at(-1) ?? '';
    const unopened = (last === ')' && closesMore(shown, '(', ')')) || (last === ']' && closesMore(shown, '[', ']'));
    if (!unopened && !/[.,;:!?'*_~|]/.test(last)) return shown;
    shown = shown.slice(0, -1);
  }
}

/** @param {string} text @param {string} open @param {string} close */
const closesMore = (text, open, close) => text.split(close).length > text.split(open).length;

/** Where a link leads; '' for one that only looks like a link to there. @param {string} link */
function hrefOf(link) {
  try {
    const {protocol, username, password, host, href} = new URL(link);
    const web = protocol === 'https:' || protocol === 'http:';
    return web && username === '' && password === '' && host !== '' ? href : '';
  } catch {
    return '';
  }
}

/** @param {string} text @param {string} name @returns {Part[]} */
function mentioned(text, name) {
  if (text === '') return [];
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const found of name === '' ? [] : text.matchAll(patternOf(name))) {
    if (found.index > from) parts.push({kind: 'text', text: text.slice(from, found.index)});
    parts.push({kind: 'mention', text: found[0]});
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({kind: 'text', text: text.slice(from)});
  return parts;
}

/** @type {Map<string, RegExp>} */
const patterns = new Map();

/** Finds `name` as a word, however it is capitalised, with or without an at sign. @param {string} name */
function patternOf(name) {
  const known = patterns.get(name);
  if (known) return known;
  const letters = [...name];
  const literal = name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const before = UNSPACED.test(letters[0]) ? '' : '(?<![\\p{L}\\p{N}_@])';
  const after = UNSPACED.test(letters.at(-1) ?? '') ? '' : '(?![\\p{L}\\p{N}_]|-\\p{N})';
  const pattern = new RegExp(`(?:${before}@?|@)${literal}${after}`, 'giu');
  if (patterns.size > 50) patterns.clear();
  patterns.set(name, pattern);
  return pattern;
}

/** Whether `text` speaks of `name`, outside of code. @param {string} text @param {string} name */
export function mentions(text, name) {
  return name !== '' && partsOf(text, name).some(({kind}) => kind === 'mention');
}
