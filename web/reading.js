// @ts-check
// What the reader has read, hidden and looks for. Pure questions about a state.

import {folded} from './names.js';
import {firstSeq, lastSeq} from './timeline.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./timeline.js').Row} Row
 * @typedef {import('./timeline.js').MessageRow} MessageRow
 */

/** Whether somebody looks at the newest messages. @param {State} state */
export const attended = ({attending, following, opening, log}) => attending && following && !opening && !log.detached;

/**
 * Up to where all has been in sight: it grows while somebody looks at the end, and on the way there (withSeen).
 * @param {State} state @returns {State['read']}
 */
export function readUpTo(state) {
  const {epoch, newest, wanted} = state.log;
  if (!attended(state) || wanted || epoch === null) return state.read;
  return state.read?.epoch === epoch && state.read.seq === newest ? state.read : {epoch, seq: newest};
}

/** Whether a message is something that one could want to read. @param {State} state @param {import('./protocol.js').Message} message */
export function isNews({me, ignored}, {client, name}) {
  return (client === undefined || client !== me.client) && !ignored.has(folded(name));
}

/** How much of the log behind `seq` is news; what is not here counts as such. @param {State} state @param {number} seq */
export function newsAfter(state, seq) {
  const {rows, log} = state;
  let count = log.detached ? Math.max(0, log.newest - Math.max(seq, lastSeq(state))) : 0;
  for (let i = rows.length - 1; i >= log.start; --i) {
    const row = rows[i];
    if (row.kind !== 'message' || row.seq <= seq) break;
    if (isNews(state, row)) ++count;
  }
  return count;
}

/**
 * With all up to a message read, when what was read before reaches up to what is here.
 * @param {State} state @param {import('./protocol.js').Cursor} cursor of a message that is in sight @returns {State}
 */
export function withSeen(state, {epoch, seq}) {
  const {log} = state;
  if (!state.attending || state.opening || epoch !== log.epoch) return state;
  const from = [state.read, state.line].find((one) => one?.epoch === epoch)?.seq ?? 0;
  if (seq <= from || firstSeq(state) > from + 1) return state;
  return {...state, read: {epoch, seq}, log: {...log, unseen: Math.min(log.unseen, newsAfter(state, seq))}};
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
