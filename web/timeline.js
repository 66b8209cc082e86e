// @ts-check
// The messages that the page has, where they came from, and what may be missing between them. Pure: each
// function takes a timeline as it is and gives it as it becomes, the same one when nothing changes.

import {readable} from './protocol.js';

/** Messages kept. Older and newer ones are read again when asked for. The page shows a window of them (items.js). */
export const KEPT = 10_000;

/**
 * @typedef {import('./protocol.js').Message} Message
 * @typedef {import('./protocol.js').Welcome} Welcome
 * @typedef {import('./protocol.js').History} History
 *
 * A row of the timeline. `section` counts the logs and gaps, so that (section, seq) is unique.
 * @typedef {{kind: 'message', key: string, epoch: string, text: string} & Message} MessageRow
 * @typedef {{kind: 'gap', key: string, why: 'trimmed' | 'replaced'}} GapRow
 * @typedef {MessageRow | GapRow} Row
 *
 * The log that the rows from index `start` on belong to. All of it up to `newest` has come in or is gone. older: the
 * server has more before rows[start]. detached: the newest messages are not in rows. unseen: how many came
 * that the reader has not had in sight. wanted: the newest page is still to be read.
 * @typedef {{epoch: string | null, newest: number, start: number, section: number, older: boolean,
 *            detached: boolean, unseen: number, wanted: boolean}} Log
 *
 * @typedef {{rows: Row[], log: Log}} Timeline
 */

/** Before the first welcome. @returns {Timeline} */
export function emptyTimeline() {
  return {
    rows: [],
    log: {
      epoch: null, newest: 0, start: 0, section: 0, older: false, detached: false, unseen: 0, wanted: true,
    },
  };
}

/** The seq of the first row of the log; -1 when there is none. @param {Timeline} timeline */
export const firstSeq = ({rows, log}) => seqOf(rows[log.start]);

/** The seq of the last row; -1 when it is none of a message. @param {Timeline} timeline */
export const lastSeq = ({rows}) => seqOf(rows.at(-1));

/** @param {Row | undefined} row */
const seqOf = (row) => (row?.kind === 'message' ? row.seq : -1);

// ---- joining

/**
 * How a welcome joins on to what is there.
 * @param {Timeline} timeline @param {Welcome} welcome @returns {'first' | 'whole' | 'trimmed' | 'replaced'}
 */
export function continuation({log}, welcome) {
  if (log.epoch === null) return 'first';
  if (log.epoch !== welcome.epoch) return 'replaced';
  if (welcome.recovered === true) return 'whole';
  return welcome.missing?.before !== undefined ? 'trimmed' : 'replaced';
}

/** @param {Timeline} timeline @param {Welcome} welcome @returns {Timeline} */
export const joinedOn = (timeline, welcome) => ({
  log: joinedLog(timeline, welcome),
  rows: joinedRows(timeline, welcome),
});

/** @param {Timeline} timeline @param {Welcome} welcome @returns {Log} */
function joinedLog(timeline, welcome) {
  const {log, rows} = timeline;
  const next = {...log, epoch: welcome.epoch, section: log.section + 1};
  switch (continuation(timeline, welcome)) {
    case 'first': return {...next, newest: welcome.head, wanted: true};
    case 'whole': return log;
    case 'trimmed': {
      const newest = Math.max(log.newest, (welcome.missing?.before ?? 0) - 1);
      if (log.detached || log.wanted) return {...next, newest, start: 0, detached: false, wanted: true, older: false};
      return {...next, newest, start: withGap(rows).length, older: false};
    }
    case 'replaced':
      return {
        ...next, start: joinedRows(timeline, welcome).length, newest: welcome.head, older: false, detached: false,
        wanted: true,
      };
  }
}

/** @param {Timeline} timeline @param {Welcome} welcome @returns {Row[]} */
function joinedRows(timeline, welcome) {
  const {log, rows} = timeline;
  const how = continuation(timeline, welcome);
  if (how === 'first' || how === 'whole' || (how === 'replaced' && wasEmpty(log))) return rows;
  if (how === 'trimmed' && (log.detached || log.wanted)) return [];
  const gapped = withGap(rows);
  gapped[gapped.length - 1] = {kind: 'gap', key: `gap ${log.section}`, why: how};
  return gapped;
}

/** Nothing was ever said in it: nothing is missing of it either. @param {Log} log */
const wasEmpty = ({newest}) => newest === 0;

/** `rows` with room for one gap at the end: two gaps in a row are one. @param {Row[]} rows @returns {Row[]} */
function withGap(rows) {
  const last = rows.at(-1);
  return last?.kind === 'gap' ? rows.slice() : [...rows, {kind: 'gap', key: '', why: 'trimmed'}];
}

// ---- live messages

/**
 * With a message that has just come. following: the page shows the end. counts: nobody reads it there now.
 * @param {Timeline} timeline @param {Message} message @param {boolean} following @param {boolean} [counts]
 * @returns {Timeline}
 */
export function withMessage(timeline, message, following, counts = !following || timeline.log.detached) {
  const {rows, log} = timeline;
  if (message.seq <= log.newest) return withLate(timeline, message);
  const detached = log.detached || (!following && rows.length >= KEPT);
  const unseen = log.unseen + (counts ? 1 : 0);
  const arrived = {rows, log: {...log, newest: message.seq, unseen, detached}};
  return detached ? arrived : withoutOldest({...arrived, rows: merged(arrived, [message])});
}

/**
 * A message that is not newer than the newest: only where the rows around it are there.
 * @param {Timeline} timeline @param {Message} message @returns {Timeline}
 */
function withLate(timeline, message) {
  const {rows, log} = timeline;
  if (message.seq < firstSeq(timeline)) return timeline;
  if (log.detached && message.seq > lastSeq(timeline)) return timeline;
  if (rows.length === log.start) return timeline;
  return withoutOldest({log, rows: merged(timeline, [message])});
}

// ---- pages of history

/** @param {Timeline} timeline @param {History} page the newest one @returns {Timeline} */
export function withNewest({rows, log}, page) {
  const newest = Math.max(log.newest, page.messages.at(-1)?.seq ?? 0);
  const read = {rows, log: {...log, newest, wanted: false, older: page.more, detached: false}};
  return withoutOldest({...read, rows: merged(read, page.messages)});
}

/** @param {Timeline} timeline @param {History} page the one that ends before its first row @returns {Timeline} */
export function withOlder(timeline, page) {
  const rows = merged(timeline, page.messages);
  const {start} = timeline.log;
  // Rows of a log that is gone cannot be read again, but they are the oldest: they go first.
  const over = Math.min(Math.max(0, rows.length - KEPT), start);
  return withoutNewest({rows: rows.slice(over), log: {...timeline.log, older: page.more, start: start - over}});
}

/**
 * @param {Timeline} timeline @param {History} page the one that begins behind its last row
 * @returns {{timeline: Timeline, behind: boolean}} behind: more than the page had has come since
 */
export function withNewer(timeline, page) {
  const rows = merged(timeline, page.messages);
  const behind = seqOf(rows.at(-1)) < timeline.log.newest && page.messages.length > 0;
  const detached = page.more || behind;
  return {timeline: withoutOldest({rows, log: {...timeline.log, detached}}), behind: behind && !page.more};
}

/**
 * Only what is around a message: its page takes the place of all rows.
 * @param {Timeline} timeline @param {History} page that ends or begins with the message @returns {Timeline}
 */
export function withOnly({log}, page) {
  const last = page.messages.at(-1)?.seq ?? 0;
  // A page that goes forward does not tell what is before it.
  const older = page.after === undefined ? page.more : page.after > 0;
  const begun = {...log, section: log.section + 1, start: 0, older, wanted: false, detached: last < log.newest};
  return {log: begun, rows: merged({rows: [], log: begun}, page.messages)};
}

/** The row of a message; undefined when it is not there. @param {Timeline} timeline @param {import('./protocol.js').Cursor} at */
export const rowAt = ({rows}, {epoch, seq}) =>
  /** @type {MessageRow | undefined} */ (rows.find((row) => row.kind === 'message' && row.seq === seq && row.epoch === epoch));

/**
 * At its end: nothing is unseen, and what is detached begins anew from the newest page.
 * @param {Timeline} timeline @returns {Timeline}
 */
export function atEnd({rows, log}) {
  const seen = {...log, unseen: 0};
  if (!log.detached) return {rows, log: seen};
  return {rows: [], log: {...seen, start: 0, older: false, detached: false, wanted: true}};
}

// ---- rows

/** @param {Log} log @param {Message} message @returns {MessageRow} */
const rowOf = ({section, epoch}, message) => ({
  ...message,
  kind: 'message',
  key: `${section} ${message.seq}`,
  epoch: epoch ?? '',
  text: readable(message.message),
});

/**
 * Index of the first row at or behind `start` whose seq is not below `seq`.
 * @param {Row[]} rows @param {number} start @param {number} seq
 */
function positionOf(rows, start, seq) {
  let low = start;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seqOf(rows[middle]) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The rows with those of `messages` that are not there yet, each at the place of its seq.
 * @param {Timeline} timeline @param {Message[]} messages @returns {Row[]}
 */
function merged({rows, log}, messages) {
  const next = rows.slice();
  for (const message of messages) {
    if (message.seq > seqOf(next.at(-1)) || next.length === log.start) {
      next.push(rowOf(log, message));
      continue;
    }
    const at = positionOf(next, log.start, message.seq);
    if (seqOf(next[at]) !== message.seq) next.splice(at, 0, rowOf(log, message));
  }
  return next;
}

/** Drops the oldest rows over KEPT. @param {Timeline} timeline @returns {Timeline} */
function withoutOldest(timeline) {
  const over = timeline.rows.length - KEPT;
  if (over <= 0) return timeline;
  const {start, older} = timeline.log;
  return {
    rows: timeline.rows.slice(over),
    log: {...timeline.log, start: Math.max(0, start - over), older: older || over > start},
  };
}

/** Drops the newest rows over KEPT; they are read again by `after`. @param {Timeline} timeline @returns {Timeline} */
function withoutNewest(timeline) {
  if (timeline.rows.length <= KEPT) return timeline;
  return {rows: timeline.rows.slice(0, KEPT), log: {...timeline.log, detached: true}};
}
