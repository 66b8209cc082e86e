// @ts-check
// What the reader has read, hidden and looks for. Pure questions about a state.

import {folded} from './names.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./timeline.js').Row} Row
 * @typedef {import('./timeline.js').MessageRow} MessageRow
 */

/** Whether somebody looks at the newest messages. @param {State} state */
export const attended = ({attending, following, log}) => attending && following && !log.detached;

/** Up to where all has been in sight; null while that grows no further. @param {State} state */
export function readUpTo(state) {
  const {epoch, newest, wanted} = state.log;
  return attended(state) && !wanted && epoch !== null ? {epoch, seq: newest} : null;
}

/** Index of the first row that was not cleared away. @param {State} state */
export function firstShown({rows, cleared}) {
  if (cleared === null) return 0;
  for (let i = rows.length - 1; i >= 0; --i) {
    const row = rows[i];
    if (row.kind === 'message' && row.epoch === cleared.epoch && row.seq <= cleared.seq) return i + 1;
  }
  return 0;
}

/** The rows that are not hidden, oldest first. @param {State} state @returns {{start: number, rows: Row[]}} start: index of the log's first */
export function shownRows(state) {
  const from = firstShown(state);
  const {ignored, log} = state;
  /** @type {Row[]} */
  const rows = [];
  let start = -1;
  for (let i = from; i < state.rows.length; ++i) {
    if (i === log.start) start = rows.length;
    const row = state.rows[i];
    if (row.kind !== 'message' || ignored.size === 0 || !ignored.has(folded(row.name))) rows.push(row);
  }
  return {start: start < 0 ? (log.start < from ? 0 : rows.length) : start, rows};
}

/** One form of all spellings that a search takes as the same. @param {string} text */
const sought = (text) => text.normalize('NFKC').toLowerCase();

/** Keys of the shown messages that have `query` in their text or are by that name, oldest first. @param {State} state @param {string} query */
export function hitsOf(state, query) {
  const wanted = sought(query.trim());
  if (wanted === '') return [];
  const hit = (/** @type {Row} */ row) =>
    row.kind === 'message' && (sought(row.text).includes(wanted) || sought(row.name) === wanted);
  return shownRows(state).rows.filter(hit).map(({key}) => key);
}
