// @ts-check
// What a half-written word could become: a command, a room, a name, an emoji. Pure.

import {COMMANDS} from './commands.js';
import {EMOJI} from './emoji.js';
import {folded} from './names.js';

const MOST = 8;

/**
 * `from`: where in the text the half-written word begins, up to the caret; `insert` takes its place.
 * @typedef {{insert: string, label: string}} Option
 * @typedef {{from: number, options: Option[]}} Completion
 */

/**
 * @param {string} text @param {number} caret
 * @param {{names: readonly string[], rooms: readonly string[]}} known the likeliest first
 * @returns {Completion | null} null when nothing fits
 */
export function completionAt(text, caret, {names, rooms}) {
  const before = text.slice(0, caret);
  const command = /^\/(\w*)$/.exec(before);
  if (command) return offer(0, begunBy(COMMANDS, command[1]).map((name) => plain(`/${name} `)));
  const room = /^(\/join\s+)(\S*)$/i.exec(before);
  if (room) return offer(room[1].length, begunBy(rooms, room[2]).map(plain));
  const ignored = /^(\/ignore\s+)(.*)$/i.exec(before);
  if (ignored) return offer(ignored[1].length, begunBy(names, ignored[2]).map(plain));
  const name = /(?:^|\s)@([^\s@]*)$/.exec(before);
  if (name) return offer(caret - name[1].length - 1, begunBy(names, name[1]).map((one) => plain(`@${one} `)));
  const emoji = /(?<![\p{L}\p{N}:]):([a-z0-9_+-]{2,})$/u.exec(before);
  if (emoji) return offer(caret - emoji[1].length - 1, begunBy([...EMOJI.keys()], emoji[1]).map(emojiOption));
  return null;
}

/** @param {string} insert @returns {Option} */
const plain = (insert) => ({insert, label: insert.trim()});

/** @param {string} name @returns {Option} */
const emojiOption = (name) => ({insert: EMOJI.get(name) ?? '', label: `${EMOJI.get(name)} :${name}:`});

/** @param {readonly string[]} words @param {string} begun */
function begunBy(words, begun) {
  const wanted = folded(begun);
  return words.filter((word) => folded(word).startsWith(wanted)).slice(0, MOST);
}

/** @param {number} from @param {Option[]} options @returns {Completion | null} */
const offer = (from, options) => (options.length === 0 ? null : {from, options});

/** The names to offer: who spoke last first, then who is here. @param {import('./store.js').State} state */
export function namesIn({rows, members, me}) {
  const names = new Set();
  for (let i = rows.length - 1; i >= 0 && i >= rows.length - 200; --i) {
    const row = rows[i];
    if (row.kind === 'message') names.add(row.name);
  }
  for (const name of members) names.add(name);
  names.delete(me.name);
  return /** @type {string[]} */ ([...names]);
}
