// @ts-check
// The lines of the log, top to bottom, and the window of them that is in the document. Pure.

import {shownRows} from './reading.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./store.js').Pending} Pending
 * @typedef {import('./timeline.js').Row} Row
 * @typedef {import('./timeline.js').MessageRow} MessageRow
 *
 * What a window slides over.
 * @typedef {Row | {kind: 'older' | 'cleared', key: string}} Entry
 *
 * @typedef {{kind: 'message', key: string, row: MessageRow, follows: boolean}
 *   | {kind: 'pending', key: string, pending: Pending, follows: boolean}
 *   | {kind: 'gap', key: string, why: 'trimmed' | 'replaced'}
 *   | {kind: 'day', key: string, at: number}
 *   | {kind: 'line' | 'older' | 'newer' | 'cleared', key: string}} Item
 *
 * Entries [from, to) are in the document.
 * @typedef {{from: number, to: number}} Window
 */

/** How many entries are in the document at most, and how many come and go when it slides. */
export const WINDOW = 240;
export const STEP = 80;

const TOGETHER_MS = 5 * 60_000;

/** @param {State} state @returns {Entry[]} */
export function entriesOf(state) {
  const {rows, start} = shownRows(state);
  if (state.cleared !== null) return [{kind: 'cleared', key: 'cleared'}, ...rows];
  if (!state.log.older) return rows;
  return [...rows.slice(0, start), {kind: 'older', key: 'older'}, ...rows.slice(start)];
}

/** The window at the end. @param {Entry[]} entries @returns {Window} */
export const lastWindow = ({length}) => ({from: Math.max(0, length - WINDOW), to: length});

/** The window that begins with the entry at `from`, or as near to it as there is enough. @param {Entry[]} entries @param {number} from @returns {Window} */
export function windowFrom({length}, from) {
  const begin = Math.max(0, Math.min(from, length - WINDOW));
  return {from: begin, to: Math.min(length, begin + WINDOW)};
}

/** The window with the entry of `key` in its middle; null when there is none. @param {Entry[]} entries @param {string} key @returns {Window | null} */
export function windowAround(entries, key) {
  const at = entries.findIndex((entry) => entry.key === key);
  return at < 0 ? null : windowFrom(entries, at - WINDOW / 2);
}

/** The index of the first entry below the line above what is new; -1 when there is none. @param {State} state @param {Entry[]} entries */
export function firstNew({line}, entries) {
  if (line === null) return -1;
  return entries.findIndex((entry) => entry.kind === 'message' && entry.epoch === line.epoch && entry.seq > line.seq);
}

/** @param {number} at */
const dayOf = (at) => new Date(at).toDateString();

/** @param {{name: string, at: number} | null} above @param {{name: string, at: number}} row */
function isTogether(above, row) {
  return above !== null && above.name === row.name && Math.abs(row.at - above.at) < TOGETHER_MS;
}

/** @param {Entry | undefined} entry */
const messageIn = (entry) => (entry?.kind === 'message' ? entry : null);

/**
 * Whether the line above what is new stands between two rows.
 * @param {State['line']} line @param {MessageRow | null} above @param {MessageRow} row
 */
function isLine(line, above, row) {
  if (line === null || row.epoch !== line.epoch || row.seq <= line.seq) return false;
  return above !== null && above.epoch === line.epoch && above.seq <= line.seq;
}

/**
 * The lines of a window, top to bottom.
 * @param {State} state @param {Entry[]} [entries] @param {Window} [window]
 * @returns {Item[]}
 */
export function itemsOf(state, entries = entriesOf(state), window = {from: 0, to: entries.length}) {
  /** @type {Item[]} */
  const items = [];
  let above = messageIn(entries[window.from - 1]);
  for (const entry of entries.slice(window.from, window.to)) {
    if (entry.kind !== 'message') {
      items.push(entry);
      if (entry.kind !== 'older') above = null;
      continue;
    }
    items.push(...linesAbove(state, above, entry));
    const follows = items.at(-1)?.kind === 'message' && isTogether(above, entry);
    items.push({kind: 'message', key: entry.key, row: entry, follows});
    above = entry;
  }
  if (window.to === entries.length) items.push(...endOf(state, above));
  return items;
}

/** @param {State} state @param {MessageRow | null} above @param {MessageRow} row @returns {Item[]} */
function linesAbove({line}, above, row) {
  /** @type {Item[]} */
  const lines = [];
  if (above === null || dayOf(above.at) !== dayOf(row.at)) lines.push({kind: 'day', key: `day ${row.key}`, at: row.at});
  if (isLine(line, above, row)) lines.push({kind: 'line', key: `line ${row.key}`});
  return lines;
}

/** What stands behind the last row. @param {State} state @param {MessageRow | null} last @returns {Item[]} */
function endOf({log, pending, me}, last) {
  /** @type {Item[]} */
  const items = log.detached ? [{kind: 'newer', key: 'newer'}] : [];
  /** @type {{name: string, at: number} | null} */
  let above = last;
  for (const one of pending) {
    const mine = {name: me.name, at: one.at};
    items.push({kind: 'pending', key: `pending ${one.n}`, pending: one, follows: isTogether(above, mine)});
    above = mine;
  }
  return items;
}
