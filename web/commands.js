// @ts-check
// What a line means that begins with a slash. Pure. An unknown command is never sent to the room.

/** In the order in which /help lists them. */
export const COMMANDS = ['help', 'nick', 'me', 'join', 'part', 'rooms', 'who', 'history', 'search', 'ignore', 'clear',
  'quit'];

/**
 * @typedef {{kind: 'say', text: string}
 *   | {kind: 'command', name: string, argument: string}
 *   | {kind: 'unknown', name: string, near: string}} Meaning
 */

/** What people do, in the third person: so it goes over the wire, and so it is shown. */
const ACTION = /^\/me\s+(?=\S)/;

/**
 * @param {string} text as it was written
 * @returns {Meaning}
 */
export function meaningOf(text) {
  if (!text.startsWith('/')) return {kind: 'say', text};
  if (text.startsWith('//')) return {kind: 'say', text: noAction(text.slice(1))};
  const [, name = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  const known = name.toLowerCase();
  if (known === 'me' && rest.trim() !== '') return {kind: 'say', text: `/me${text.slice(1 + name.length)}`};
  if (COMMANDS.includes(known)) return {kind: 'command', name: known, argument: rest.trim()};
  return {kind: 'unknown', name, near: nearest(known)};
}

/** What somebody does, when that is what a message says; null when it says something else. @param {string} text */
export function actionIn(text) {
  const found = ACTION.exec(text);
  return found ? text.slice(found[0].length) : null;
}

/** `text` as one that everybody shows as it is: with a space in front of what would be an action. @param {string} text */
const noAction = (text) => (actionIn(text) === null ? text : ` ${text}`);

/** The command that was probably meant; '' when none is near. @param {string} name */
function nearest(name) {
  if (name === '') return '';
  const begun = COMMANDS.find((command) => command.startsWith(name));
  return begun ?? COMMANDS.find((command) => distance(command, name) <= (name.length > 3 ? 2 : 1)) ?? '';
}

/** How many letters must be changed, added or taken away (Levenshtein). @param {string} a @param {string} b */
function distance(a, b) {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (let i = 1; i <= a.length; ++i) {
    const next = [i];
    for (let j = 1; j <= b.length; ++j) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
