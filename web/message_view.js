// @ts-check
// One message as DOM. Strangers' text only ever becomes textContent, and a link only what rich.js takes for one.

import {actionIn} from './commands.js';
import {button, element} from './dom.js';
import {hueOf, initialOf} from './names.js';
import {partsOf} from './rich.js';

/**
 * How words and times are written here.
 * @typedef {{say: import('./texts.js').Say, time: Intl.DateTimeFormat, full: Intl.DateTimeFormat, day: Intl.DateTimeFormat}} Words
 *
 * cursor: of its link; '' when it has none yet. me: the reader's name.
 * @typedef {{name: string, at: number, mine: boolean, text: string, cursor: string, me: string}} Shown
 */

/** What is longer is folded: it would push everything else away. */
const SHOWN_CHARACTERS = 3000;
const SHOWN_LINES = 40;

/** @param {import('./texts.js').Say} say @param {string} locale @returns {Words} */
export const wordsIn = (say, locale) => ({
  say,
  time: new Intl.DateTimeFormat(locale, {timeStyle: 'short'}),
  full: new Intl.DateTimeFormat(locale, {dateStyle: 'full', timeStyle: 'medium'}),
  day: new Intl.DateTimeFormat(locale, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'}),
});

/** @param {string} name */
export function avatarOf(name) {
  const node = element('span', `avatar hue-${hueOf(name)}`, initialOf(name));
  node.setAttribute('aria-hidden', 'true');
  return node;
}

/** @param {string} name */
export const nameOf = (name) => element('bdi', `name ink-${hueOf(name)}`, name);

/** @param {Shown} shown @param {Words} words */
export function messageNode(shown, words) {
  const {name, mine} = shown;
  const you = mine ? [element('span', 'you', words.say('people.you')), ' '] : [];
  const meta = element('div', 'meta', nameOf(name), ' ', ...you, timeOf(shown, words));
  const text = textOf(shown, words);
  const node = element('div', mine ? 'message mine' : 'message', avatarOf(name), meta, text);
  if (!mine && text.querySelector('mark') !== null) node.classList.add('mentions');
  return node;
}

/** @param {number} at @param {Words} words */
export function dayNode(at, words) {
  const date = new Date(at);
  return element('div', 'day', Number.isNaN(date.getTime()) ? '' : words.day.format(date));
}

/** @param {Shown} shown @param {Words} words @returns {HTMLElement} */
function timeOf({at, cursor}, words) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return element('span', '');
  const clock = words.time.format(date);
  const node = element('time', '', clock);
  node.dateTime = date.toISOString();
  node.title = words.full.format(date);
  if (cursor === '') return node;
  const link = element('a', 'at', node);
  link.href = `#${cursor}`;
  link.tabIndex = -1;
  link.ariaLabel = words.say('message.link', {time: clock});
  return link;
}

/** @param {Shown} shown @param {Words} words */
function textOf({name, text, mine, me}, {say}) {
  const node = element('div', 'text');
  node.dir = 'auto';
  const action = actionIn(text);
  if (action !== null) {
    node.classList.add('action');
    node.append(nameOf(name), ' ');
  }
  const said = action ?? text;
  if (said === '') node.append(element('span', 'empty', say('message.empty')));
  const reader = mine ? '' : me;
  const length = shownLength(said);
  if (length < said.length) {
    node.append(foldedNode(said, length, reader, say));
  } else {
    appendParts(node, said, reader);
  }
  return node;
}

/** The first of it, and a way to all. @param {string} said @param {number} length @param {string} me @param {import('./texts.js').Say} say */
function foldedNode(said, length, me, say) {
  const node = element('div', 'said');
  appendParts(node, said.slice(0, length), me);
  const more = button(say('message.whole', {count: said.length}), 'link', () => {
    node.replaceChildren();
    appendParts(node, said, me);
  });
  node.append('… ', more);
  return node;
}

/** How much of a text is shown at first: whole characters. @param {string} text */
function shownLength(text) {
  let end = -1;
  for (let line = 0; line < SHOWN_LINES; ++line) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) break;
  }
  const most = Math.min(end === -1 ? text.length : end, text.length <= SHOWN_CHARACTERS ? text.length : SHOWN_CHARACTERS);
  const splitsPair = most < text.length && /[\uDC00-\uDFFF]/.test(text[most]);
  return splitsPair ? most - 1 : most;
}

/** @param {HTMLElement} node @param {string} text @param {string} me */
function appendParts(node, text, me) {
  for (const part of partsOf(text, me)) node.append(partNode(part));
}

/** @param {import('./rich.js').Part} part @returns {Node | string} */
function partNode(part) {
  switch (part.kind) {
    case 'text': return part.text;
    case 'mention': return element('mark', '', part.text);
    case 'code': return element('code', '', part.text);
    case 'block': return blockNode(part.text);
    case 'link': return linkNode(part.text, part.href);
  }
}

/** A block of code, which a keyboard can scroll sideways. @param {string} text */
function blockNode(text) {
  const node = element('pre', '', element('code', '', text));
  node.tabIndex = 0;
  return node;
}

/** Opens beside this page, which it learns nothing of. The tooltip tells the real host. @param {string} text @param {string} href */
function linkNode(text, href) {
  const node = element('a', 'out', text);
  node.href = href;
  node.target = '_blank';
  node.rel = 'noopener noreferrer nofollow';
  node.title = new URL(href).host;
  return node;
}
