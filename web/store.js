// @ts-check
// What the page knows, and what follows from what happens: update(state, event) gives the next state
// and effects as data. Pure: no DOM, no socket, no clock, no storage; time comes in with the events.

import {folded} from './names.js';
import {messageBytes, readable, wellFormed} from './protocol.js';
import {attended, hitsOf, isNews, newsAfter, readUpTo, withSeen} from './reading.js';
import {mentions} from './rich.js';
import {saidBy} from './texts.js';
import {
  atEnd, continuation, emptyTimeline, firstSeq, joinedOn, lastSeq, rowAt, withMessage, withNewer, withNewest, withOlder,
  withOnly,
} from './timeline.js';

const FIRST_PAGE = 50;
const PAGE = 100;
const TYPING_SHOWN_MS = 4000;
const TYPING_SENT_EVERY_MS = 2500;
const MAX_PAUSE_MS = 30_000;

/** Errors that a later try of the same frame can get past. */
const PASSING = new Set(['rate_limited', 'inflight_exceeded', 'busy', 'unavailable']);

/**
 * @typedef {import('./protocol.js').Message} Message
 * @typedef {import('./protocol.js').ServerFrame} ServerFrame
 * @typedef {import('./protocol.js').ClientFrame} ClientFrame
 * @typedef {import('./protocol.js').Limits} Limits
 * @typedef {import('./protocol.js').Welcome} Welcome
 * @typedef {import('./protocol.js').Cursor} Cursor
 * @typedef {import('./texts.js').Text} Text
 * @typedef {import('./timeline.js').Timeline} Timeline
 *
 * What was written here and is not on the timeline yet, in the order of n.
 * queued → sent → acked → gone once its row is there; back to queued when the connection ends.
 * @typedef {{n: number, text: string, at: number, status: 'queued' | 'sent' | 'acked' | 'failed',
 *            why?: Text, seq?: number}} Pending
 *
 * Who we are: name is what the room calls us, wish what the user chose, guest what the server chose when
 * nothing was wished; called: the wish under which goes what goes now; asked: what the server was last asked for.
 * @typedef {{secret: string, client: string, name: string, wish: string, guest: string, called: string, asked: string}} Me
 *
 * A name to ask for once all up to n = behind, which was written under another, has been taken.
 * @typedef {{name: string, behind: number}} Rename
 *
 * @typedef {{phase: 'connecting' | 'connected' | 'waiting' | 'closed', why: Text, retryAt: number,
 *            online: boolean}} Link
 *
 * following: the page shows the end. attending: somebody looks at it. opening: it is not settled yet whether the room
 * opens at the line or at its end, which only who knows its height can tell. read: up to where all was in sight. line: up to where
 * all was read when the unseen began. mentioned: how many of the unseen speak of us. seeking: the message that a link names, until it is there. spot: the
 * row that was brought into sight; each time it is another object. cleared: up to where rows are hidden; ignored: folded names
 * whose rows are. next: the next n. paused: nothing is sent for a while, because the
 * server asked for it; pauses: how often in a row; pauseId: which of all; busy: until it says that it is ready. goBack:
 * something was refused, nothing goes until all on its way is answered. renaming: nor until a name that was asked for is. typing: name → when it is no longer shown.
 * @typedef {Timeline & {
 *   room: string,
 *   me: Me,
 *   connection: Link,
 *   limits: Limits,
 *   reading: Reading | null,
 *   following: boolean,
 *   attending: boolean,
 *   opening: boolean,
 *   read: Cursor | null,
 *   line: Cursor | null,
 *   mentioned: number,
 *   seeking: Cursor | null,
 *   spot: {key: string} | null,
 *   search: string | null,
 *   cleared: Cursor | null,
 *   ignored: ReadonlySet<string>,
 *   pending: Pending[],
 *   next: number,
 *   paused: boolean,
 *   pauses: number,
 *   pauseId: number,
 *   busy: boolean,
 *   goBack: boolean,
 *   renames: readonly Rename[],
 *   renaming: boolean,
 *   draining: boolean,
 *   members: string[],
 *   count: number,
 *   typing: Map<string, number>,
 *   typedAt: number,
 *   notice: Text | readonly Text[],
 * }} State
 *
 * @typedef {'newest' | 'before' | 'after' | 'probe' | 'target' | 'line'} Reading
 *
 * @typedef {{type: 'connecting'}
 *   | {type: 'opened'}
 *   | {type: 'frame', frame: ServerFrame, now: number}
 *   | {type: 'lost', why: Text, retryAt: number | null}
 *   | {type: 'online', online: boolean}
 *   | {type: 'submit', text: string, now: number}
 *   | {type: 'retry', n: number, now: number}
 *   | {type: 'discard', n: number}
 *   | {type: 'rename', name: string}
 *   | {type: 'typed', now: number}
 *   | {type: 'older'} | {type: 'newer'} | {type: 'jump'}
 *   | {type: 'following', following: boolean}
 *   | {type: 'attending', attending: boolean}
 *   | {type: 'enter'}
 *   | {type: 'begin', at: 'line' | 'end'}
 *   | {type: 'seen', cursor: Cursor}
 *   | {type: 'open', cursor: Cursor}
 *   | {type: 'search', query: string | null}
 *   | {type: 'hit', step: 1 | -1}
 *   | {type: 'clear'} | {type: 'unclear'}
 *   | {type: 'ignored', names: readonly string[]}
 *   | {type: 'resume', id: number}
 *   | {type: 'probe'}
 *   | {type: 'tick', now: number}
 *   | {type: 'notice', text: Text | readonly Text[]}} Event
 *
 * @typedef {{type: 'transmit', frame: ClientFrame}
 *   | {type: 'keep', message: Pending, next: number}
 *   | {type: 'forget', n: number}
 *   | {type: 'remember', wish: string, guest: string}
 *   | {type: 'mention', name: string, text: string}
 *   | {type: 'pause', ms: number, id: number}} Effect
 *
 * @typedef {{state: State, effects: Effect[]}} Update
 */

/**
 * @param {{room: string, secret: string, next: number, wish: string, guest: string,
 *          unsent: {n: number, text: string, at: number, why?: Text}[], read?: Cursor | null,
 *          ignored?: readonly string[]}} from
 *   read: up to where the room was read on an earlier visit
 * @returns {State}
 */
export function initial({room, secret, next, wish, guest, unsent, read = null, ignored = []}) {
  return {
    room,
    me: {secret, client: '', name: '', wish, guest, called: wish, asked: ''},
    connection: {phase: 'connecting', why: '', retryAt: 0, online: true},
    limits: {message_bytes: 1 << 20, inflight: 256, frames_per_second: 1000, history_page: 200, members: 200},
    ...emptyTimeline(),
    reading: null,
    following: true,
    attending: true,
    opening: read !== null,
    read,
    line: read,
    mentioned: 0,
    seeking: null,
    spot: null,
    search: null,
    cleared: null,
    ignored: new Set(ignored.map(folded)),
    pending: unsent.map((one) => ({...one, status: one.why === undefined ? 'queued' : 'failed'})),
    next,
    paused: false,
    goBack: false,
    renames: [],
    renaming: false,
    pauses: 0,
    pauseId: 0,
    busy: false,
    draining: false,
    members: [],
    count: 0,
    typing: new Map(),
    typedAt: 0,
    notice: '',
  };
}

/**
 * @param {State} state @param {Event} event
 * @returns {Update}
 */
export function update(state, event) {
  const {state: next, effects} = step(state, event);
  const read = readUpTo(next);
  return {state: read === next.read ? next : {...next, read}, effects};
}

/** @param {State} state @param {Event} event @returns {Update} */
function step(state, event) {
  switch (event.type) {
    case 'connecting': return plain({...state, connection: {...state.connection, phase: 'connecting'}});
    case 'opened': return onOpened(state);
    case 'frame': return onFrame(state, event.frame, event.now);
    case 'lost': return plain(onLost(state, event.why, event.retryAt));
    case 'online': return plain({...state, connection: {...state.connection, online: event.online}});
    case 'submit': return onSubmit(state, event.text, event.now);
    case 'retry': return onRetry(state, event.n, event.now);
    case 'discard': return onDiscard(state, event.n);
    case 'rename': return onRename(state, event.name);
    case 'typed': return onTyped(state, event.now);
    case 'older': return onOlder(state);
    case 'newer': return onNewer(state);
    case 'jump': return onJump(state);
    case 'following': return plain(onFollowing(state, event.following));
    case 'attending': return plain(seen({...state, attending: event.attending}));
    case 'enter': return plain({...state, opening: state.opening || (state.following && state.log.unseen > 0)});
    case 'begin': return plain(onBegin(state, event.at));
    case 'seen': return plain(withSeen(state, event.cursor));
    case 'open': return onOpen(state, event.cursor);
    case 'search': return plain({...state, search: event.query});
    case 'hit': return plain(onHit(state, event.step));
    case 'clear': return plain(onClear(state));
    case 'unclear': return plain({...state, cleared: null});
    case 'ignored': return plain({...state, ignored: new Set(event.names.map(folded))});
    case 'probe': return onProbe(state);
    case 'resume': return onResume(state, event.id);
    case 'tick': return plain(withoutTyping(state, (until) => until <= event.now));
    case 'notice': return plain({...state, notice: event.text});
  }
}

/** @param {State} state @returns {Update} */
const plain = (state) => ({state, effects: []});

/**
 * The state, then whatever `next` makes of it, with the effects of both.
 * @param {Update} done @param {(state: State) => Update} next @returns {Update}
 */
function then(done, next) {
  const more = next(done.state);
  return {state: more.state, effects: [...done.effects, ...more.effects]};
}

// ---- questions about a state

/** True while the server owes an answer. @param {State} state */
export function awaiting(state) {
  return state.reading !== null || state.pending.some((one) => one.status === 'sent');
}

/** @param {State} state */
const joined = (state) => state.connection.phase === 'connected';

/** Bytes that `text` is over the server's limit; 0 when it fits. @param {State} state @param {string} text */
export function bytesOver(state, text) {
  // A character takes at most six bytes of JSON: most texts need no count.
  if (text.length * 6 + 2 <= state.limits.message_bytes) return 0;
  return Math.max(0, messageBytes(wellFormed(text)) - state.limits.message_bytes);
}

/** When the next name leaves the typing line; 0 when there is none. @param {State} state */
export function typingEnds(state) {
  return state.typing.size === 0 ? 0 : Math.min(...state.typing.values());
}

// ---- the connection

/** @param {State} state @returns {Update} */
function onOpened(state) {
  const {epoch, newest} = state.log;
  let {renames, me: {called}} = state;
  for (; renames.length > 0 && !isOpenUpTo(state, renames[0].behind); renames = renames.slice(1)) called = renames[0].name;
  const asked = called || state.me.guest;
  /** @type {ClientFrame} */
  const hello = {
    type: 'hello',
    client: state.me.secret,
    name: asked || undefined,
    since: epoch === null ? undefined : {epoch, seq: newest},
    ordered: true,
  };
  return {
    state: {...state, renames, me: {...state.me, called, asked}},
    effects: [{type: 'transmit', frame: hello}],
  };
}

/** What was under way is to be sent again. @param {State} state @param {Text} why @param {number | null} retryAt @returns {State} */
function onLost(state, why, retryAt) {
  const phase = retryAt === null ? 'closed' : 'waiting';
  return {
    ...state,
    connection: {...state.connection, phase, why, retryAt: retryAt ?? 0},
    pending: state.pending.map((one) => (one.status === 'sent' ? {...one, status: 'queued'} : one)),
    log: {...state.log, wanted: state.log.wanted || state.reading === 'newest'},
    reading: null,
    paused: false,
    goBack: false,
    renaming: false,
    draining: false,
    typing: new Map(),
  };
}

/** @param {State} state @param {ServerFrame} frame @param {number} now @returns {Update} */
function onFrame(state, frame, now) {
  if (frame.type === 'welcome') return onWelcome(state, frame);
  if (frame.type === 'closing') return plain({...state, draining: true});
  if (frame.type === 'error') return onError(state, frame);
  if (!joined(state)) return plain(state);
  switch (frame.type) {
    case 'message': return onMessage(state, frame);
    case 'ack': return onAck(state, frame);
    case 'ready': return onReady(state);
    case 'history': return onHistory(state, frame);
    case 'presence': return plain(onPresence(state, frame));
    case 'renamed': return then(plain(onRenamed(state, frame.name)), pump);
    case 'typing': return plain(onTyping(state, frame.name, now));
  }
}

/** @param {State} state @param {Welcome} welcome @returns {Update} */
function onWelcome(state, welcome) {
  const {wish, guest, called, asked} = state.me;
  const me = {...state.me, name: welcome.name, client: welcome.client ?? '', guest: asked ? guest : welcome.name};
  const welcomed = settle({
    ...state,
    ...joinedOn(state, welcome),
    me,
    connection: {...state.connection, phase: 'connected', why: '', retryAt: 0},
    limits: welcome.limits,
    members: unique(welcome.members),
    count: welcome.count,
    draining: false,
    paused: false,
    goBack: false,
    notice: called === '' ? state.notice : state.notice || takenNotice(called, welcome.name),
  });
  /** @type {Effect[]} */
  const effects = [{type: 'remember', wish, guest: me.guest}];
  const replaced = continuation(state, welcome) === 'replaced';
  const lost = replaced ? welcomed.pending.filter((one) => one.status === 'acked') : [];
  const checked = then({state: welcomed, effects}, (rest) => failed(rest, lost, 'message.lost'));
  return then(then(then(checked, refuseTooLarge), dropLostTarget), pump);
}

/** @param {string} wish @param {string} name @returns {Text} */
const takenNotice = (wish, name) => (name === wish ? '' : {key: 'name.taken', wish, name});

/** What this server's limit forbids would only end the connection. @param {State} state @returns {Update} */
function refuseTooLarge(state) {
  const large = state.pending.filter((one) => one.status === 'queued' && bytesOver(state, one.text) > 0);
  return failed(state, large, 'message.too_large');
}

// ---- messages and history

/** @param {State} state @param {import('./protocol.js').MessageFrame} frame @returns {Update} */
function onMessage(state, {type: _, ...message}) {
  if (message.seq <= state.log.newest) return settled({...state, ...withMessage(state, message, state.following)}, [message]);
  const heard = withoutTyping(state, (_until, name) => name === message.name);
  const counts = !attended(state) && isNews(state, message);
  const begins = counts && state.log.unseen === 0 && !state.opening;
  const line = begins ? {epoch: state.log.epoch ?? '', seq: state.log.newest} : state.line;
  const came = settled({...heard, line, ...withMessage(heard, message, state.following, counts)}, [message]);
  return counts ? then(came, (rest) => onUnseen(rest, message)) : came;
}

/** @param {State} state @param {Message} message @returns {Update} */
function onUnseen(state, {name, message}) {
  if (typeof message !== 'string' || !mentions(message, state.me.name)) return plain(state);
  return {
    state: {...state, mentioned: state.mentioned + 1},
    effects: [{type: 'mention', name, text: readable(message)}],
  };
}

/** Asks for a sign of life; the answer itself is of no use. @param {State} state @returns {Update} */
function onProbe(state) {
  if (!joined(state) || awaiting(state)) return plain(state);
  return read(state, 'probe', {type: 'history', after: state.log.newest, limit: 1});
}

/** @param {State} state @param {import('./protocol.js').History} page @returns {Update} */
function onHistory(state, page) {
  if (state.reading === 'probe') return plain({...state, reading: null});
  if (state.reading === 'target' && page.before !== undefined) return onTarget({...state, reading: null}, page);
  const forward = state.reading === 'line' ? 'line' : 'after';
  const asked = page.before !== undefined ? 'before' : page.after !== undefined ? forward : 'newest';
  if (state.reading !== asked) return plain(state);
  const answered = {...state, reading: null, pauses: 0};
  const {messages} = page;
  if (asked === 'line') return onLinePage(answered, page);
  if (asked === 'newest') {
    const read = {...answered, ...withNewest(answered, page)};
    return then(settled(withLine(read), messages), pump);
  }
  // The rows may have changed since it was asked for; a page that does not join on would leave a hole.
  if (asked === 'before' && page.before === firstSeq(state)) {
    return then(settled({...answered, ...withOlder(answered, page)}, messages), pump);
  }
  if (asked !== 'after' || page.after !== lastSeq(state)) return pump(answered);
  const {timeline, behind} = withNewer(answered, page);
  const done = settled({...answered, ...timeline}, messages);
  return then(behind ? then(done, onNewer) : done, pump);
}

/** The line, unless there is nothing behind it. @param {State} state */
const lineIn = ({line, log}) => (line !== null && line.epoch === log.epoch && line.seq < log.newest ? line : null);

/** With the line, and what is behind it as unseen when the room opens. @param {State} state @returns {State} */
function withLine(state) {
  const line = lineIn(state);
  if (!state.opening) return {...state, line};
  const unseen = line === null ? 0 : newsAfter(state, line.seq);
  return {...state, line, opening: unseen > 0, log: {...state.log, unseen}};
}

// ---- opening at the line

/** Whether more is behind the line than the newest page has. @param {State} state */
function opensBack({opening, line, log}) {
  return opening && line !== null && line.epoch === log.epoch && log.newest - line.seq >= FIRST_PAGE;
}

/** The page that begins with the last message that was read. @param {Cursor} line */
const beforeLine = (line) => Math.max(0, line.seq - 1);

/** @param {State} state @param {import('./protocol.js').History} page @returns {Update} */
function onLinePage(state, page) {
  if (!opensBack(state) || state.line === null || page.after !== beforeLine(state.line)) return pump(state);
  if (page.messages.length === 0) return pump({...state, opening: false});
  return then(settled(withLine({...state, ...withOnly(state, page)}), page.messages), pump);
}

/** The room has opened. @param {State} state @param {'line' | 'end'} at @returns {State} */
function onBegin(state, at) {
  if (!state.opening) return state;
  return seen({...state, opening: false, following: at === 'end'});
}

// ---- opening at a message

/** @param {State} state @param {Cursor} cursor @returns {Update} */
function onOpen(state, cursor) {
  const row = rowAt(state, cursor);
  if (row) return plain(shown({...state, seeking: null}, row.key));
  const sought = {...state, opening: false, seeking: cursor};
  return joined(state) ? then(dropLostTarget(sought), pump) : plain(sought);
}

/** Gives up a link into a log that is gone. @param {State} state @returns {Update} */
function dropLostTarget(state) {
  const lost = state.seeking !== null && state.seeking.epoch !== state.log.epoch;
  return plain(lost ? {...state, seeking: null, notice: 'log.target_replaced'} : state);
}

/** @param {State} state @param {import('./protocol.js').History} page the one that should end with the message @returns {Update} */
function onTarget(state, page) {
  const {seeking} = state;
  if (seeking === null || page.before !== seeking.seq + 1) return pump(state);
  if (page.messages.at(-1)?.seq !== seeking.seq) {
    return pump({...state, seeking: null, notice: 'log.target_trimmed'});
  }
  const there = {...state, ...withOnly(state, page), seeking: null, cleared: null};
  const row = rowAt(there, seeking);
  const read = settled({...there, line: lineIn(there)}, page.messages);
  return then(then(read, (rest) => plain(row ? shown(rest, row.key) : rest)), pump);
}

/** With the row of `key` to be brought into sight. @param {State} state @param {string} key @returns {State} */
const shown = (state, key) => ({...state, opening: false, following: false, spot: {key}});

/** To the next match of the search, from the newest backwards. @param {State} state @param {1 | -1} step @returns {State} */
function onHit(state, step) {
  const hits = hitsOf(state, state.search ?? '');
  if (hits.length === 0) return state;
  const at = hits.indexOf(state.spot?.key ?? '');
  const next = at < 0 ? hits.length - 1 : (at + step + hits.length) % hits.length;
  return shown(state, hits[next]);
}

/** @param {State} state @returns {State} */
function onClear(state) {
  const {epoch, newest} = state.log;
  if (epoch === null) return state;
  return {...state, cleared: {epoch, seq: newest}, line: null, spot: null, opening: false, following: true};
}

/** @param {State} state @param {Reading} reading @param {ClientFrame} frame @returns {Update} */
const read = (state, reading, frame) => ({
  state: {...state, reading},
  effects: [{type: 'transmit', frame}],
});

/** @param {State} state @param {number} wanted */
const pageOf = ({limits}, wanted) => Math.max(1, Math.min(wanted, limits.history_page));

/** @param {State} state @returns {Update} */
function onOlder(state) {
  const first = firstSeq(state);
  if (!joined(state) || state.reading || !state.log.older || first < 0) return plain(state);
  return read(state, 'before', {type: 'history', before: first, limit: pageOf(state, PAGE)});
}

/** @param {State} state @returns {Update} */
function onNewer(state) {
  const last = lastSeq(state);
  if (!joined(state) || state.reading || !state.log.detached || last < 0) return plain(state);
  return read(state, 'after', {type: 'history', after: last, limit: pageOf(state, PAGE)});
}

/** To the newest messages. @param {State} state @returns {Update} */
function onJump(state) {
  const there = {...state, ...atEnd(state), opening: false, following: true, seeking: null, spot: null, mentioned: 0};
  return state.log.detached ? pump({...there, reading: null}) : plain(there);
}

/** @param {State} state @param {boolean} following @returns {State} */
function onFollowing(state, following) {
  return seen(following === state.following ? state : {...state, following});
}

/** Nothing is unseen while somebody looks at the end. @param {State} state @returns {State} */
function seen(state) {
  if (!attended(state) || (state.log.unseen === 0 && state.mentioned === 0)) return state;
  return {...state, mentioned: 0, log: {...state.log, unseen: 0}};
}

// ---- what is written here

/** @param {State} state @param {string} given @param {number} now @returns {Update} */
function onSubmit(state, given, now) {
  const text = wellFormed(given);
  if (text.trim() === '' || bytesOver(state, text) > 0) return plain(state);
  /** @type {Pending} */
  const message = {n: state.next, text, at: now, status: 'queued'};
  const next = state.next + 1;
  const queued = {...state, pending: [...state.pending, message], next, notice: '', typedAt: 0, line: null};
  return then({state: queued, effects: [{type: 'keep', message, next}]}, pump);
}

/**
 * What was refused for good was not taken: it goes under a new n, and as after a reload no lower one than the
 * clock, since a counter that had fallen behind may be why it was refused.
 * @param {State} state @param {number} n @param {number} now @returns {Update}
 */
function onRetry(state, n, now) {
  const refused = state.pending.find((one) => one.n === n && one.status === 'failed');
  if (!refused) return plain(state);
  if (bytesOver(state, refused.text) > 0) return plain({...state, notice: 'message.still_too_large'});
  const fresh = {...state, next: Math.max(state.next, now)};
  return then(onSubmit(fresh, refused.text, now), (rest) => onDiscard(rest, n));
}

/** @param {State} state @param {number} n @returns {Update} */
function onDiscard(state, n) {
  if (!state.pending.some((one) => one.n === n && one.status === 'failed')) return plain(state);
  return {
    state: {...state, pending: state.pending.filter((one) => one.n !== n)},
    effects: [{type: 'forget', n}],
  };
}

/** @param {State} state @param {import('./protocol.js').Ack} ack @returns {Update} */
function onAck(state, {n, seq}) {
  if (!state.pending.some((one) => one.n === n)) return plain(state);
  const pending = state.pending.map((one) => (one.n === n ? {...one, status: /** @type {const} */ ('acked'), seq} : one));
  const acked = settle({...state, pending, pauses: 0});
  return then({state: acked, effects: [{type: 'forget', n}]}, pump);
}

/**
 * Drops from pending what `messages` show to have arrived, then what is settled; sends what may follow.
 * @param {State} state @param {Message[]} messages @returns {Update}
 */
function settled(state, messages) {
  if (state.pending.length === 0) return plain(state);
  const mine = new Set();
  for (const one of messages) {
    if (one.client !== undefined && one.client === state.me.client) mine.add(one.n);
  }
  const arrived = state.pending.filter((one) => mine.has(one.n));
  const pending = arrived.length === 0 ? state.pending : state.pending.filter((one) => !mine.has(one.n));
  /** @type {Effect[]} */
  const effects = arrived.map(({n}) => ({type: 'forget', n}));
  return then({state: settle({...state, pending}), effects}, pump);
}

/** Drops from pending what is acknowledged and on the timeline, or before it. @param {State} state @returns {State} */
function settle(state) {
  const {newest, wanted} = state.log;
  /** @param {Pending} one */
  const done = (one) => one.status === 'acked' && !wanted && (one.seq ?? 0) <= newest;
  return state.pending.some(done) ? {...state, pending: state.pending.filter((one) => !done(one))} : state;
}

/**
 * Sends what may be sent: the newest page's request, then the queue, in the order of n. At most
 * limits.inflight are on their way, and none that is so far ahead of the oldest open one that the
 * server would have forgotten that one. Behind a refusal the server takes nothing until the first
 * that is sent again says that all refusals are known here.
 * @param {State} state @returns {Update}
 */
function pump(state) {
  if (!joined(state) || state.draining || state.paused) return plain(state);
  if (state.seeking && !state.reading) {
    const before = state.seeking.seq + 1;
    return then(read(state, 'target', {type: 'history', before, limit: pageOf(state, FIRST_PAGE)}), pump);
  }
  if (state.log.wanted && !state.reading && opensBack(state) && state.line) {
    const after = beforeLine(state.line);
    return then(read(state, 'line', {type: 'history', after, limit: pageOf(state, PAGE)}), pump);
  }
  if (state.log.wanted && !state.reading) {
    return then(read(state, 'newest', {type: 'history', limit: pageOf(state, FIRST_PAGE)}), pump);
  }
  return then(askName(state), transmit);
}

/** What may go of the queue. @param {State} state @returns {Update} */
function transmit(state) {
  const open = state.pending.find((one) => one.status === 'queued' || one.status === 'sent');
  if (!open || state.renaming) return plain(state);
  if (state.goBack && state.pending.some((one) => one.status === 'sent')) return plain(state);
  const named = state.renames.length > 0 ? state.renames[0].behind + 1 : Infinity;
  const end = Math.min(named, open.n + Math.max(1, state.limits.inflight));
  /** @type {Effect[]} */
  const effects = [];
  const pending = state.pending.map((one) => {
    if (one.status !== 'queued' || one.n >= end) return one;
    const goesOn = state.goBack && effects.length === 0;
    effects.push({type: 'transmit', frame: {type: 'send', n: one.n, ...(goesOn && {first: true}), message: one.text}});
    return {...one, status: /** @type {const} */ ('sent')};
  });
  return effects.length === 0 ? plain(state) : {state: {...state, pending, goBack: false}, effects};
}

// ---- refusals

/** @param {State} state @param {import('./protocol.js').ErrorFrame} error @returns {Update} */
function onError(state, error) {
  const refused = state.pending.find((one) => one.n === error.n && one.status === 'sent');
  if (refused && PASSING.has(error.code)) return pauseFor(requeued(state, refused.n), error);
  if (refused) return then(failed(state, [refused], saidBy(error)), pump);
  if (error.n !== undefined) return plain(state);
  if (error.code === 'too_large') return onTooLarge(state, error);
  if ((state.reading || state.renaming) && PASSING.has(error.code)) return pauseFor(unasked(state), error);
  if (state.renaming) return then(plain({...state, renaming: false, notice: saidBy(error)}), pump);
  return plain({...state, notice: saidBy(error)});
}

/** All that was asked for is to be asked for again: which of it was refused is not said. @param {State} state @returns {State} */
function unasked(state) {
  const wanted = state.log.wanted || state.reading === 'newest';
  const renames = state.renaming ? [{name: state.me.asked, behind: 0}, ...state.renames] : state.renames;
  return {...state, reading: null, log: {...state.log, wanted}, renaming: false, renames};
}

/**
 * The server could not even read which message was too large. It was the largest, and sent again it
 * would end the next connection as well.
 * @param {State} state @param {import('./protocol.js').ErrorFrame} error @returns {Update}
 */
function onTooLarge(state, error) {
  const sent = state.pending.filter((one) => one.status === 'sent');
  if (sent.length === 0) return plain({...state, notice: saidBy(error)});
  const largest = sent.reduce((a, b) => (b.text.length > a.text.length ? b : a));
  return then(failed(state, [largest], saidBy(error)), pump);
}

/** @param {State} state @param {number} n @returns {State} */
const requeued = (state, n) => ({
  ...state,
  goBack: true,
  pending: state.pending.map((one) => (one.n === n ? {...one, status: /** @type {const} */ ('queued')} : one)),
});

/** @param {State} state @param {import('./protocol.js').ErrorFrame} error @returns {Update} */
function pauseFor(state, error) {
  if (state.paused) return plain(state);
  const ms = error.retry_after_ms ?? Math.min(MAX_PAUSE_MS, 500 * 2 ** state.pauses);
  const id = state.pauseId + 1;
  const busy = error.code === 'busy';
  return {
    state: {...state, paused: true, busy, pauses: state.pauses + 1, pauseId: id},
    effects: [{type: 'pause', ms, id}],
  };
}

/** The server was busy and is no more: what it refused need not wait any longer. @param {State} state @returns {Update} */
function onReady(state) {
  return state.paused && state.busy ? pump({...state, paused: false}) : plain(state);
}

/** The end of a pause that a loss cut short is none of a later one. @param {State} state @param {number} id @returns {Update} */
function onResume(state, id) {
  return state.paused && id === state.pauseId ? pump({...state, paused: false}) : plain(state);
}

/**
 * Keeps `refused` in sight, to be sent again or discarded.
 * @param {State} state @param {Pending[]} refused @param {Text} why @returns {Update}
 */
function failed(state, refused, why) {
  if (refused.length === 0) return plain(state);
  /** @type {Effect[]} */
  const effects = [];
  const pending = state.pending.map((one) => {
    if (!refused.includes(one)) return one;
    const message = {...one, status: /** @type {const} */ ('failed'), why};
    effects.push({type: 'keep', message, next: state.next});
    return message;
  });
  return {state: {...state, pending}, effects};
}

// ---- people

/** @param {string[]} names */
const unique = (names) => [...new Set(names)];

/** @param {State} state @param {import('./protocol.js').Presence} change @returns {State} */
function onPresence(state, {joined: came = [], left = [], renamed = [], count}) {
  const members = new Set(state.members);
  for (const name of left) members.delete(name);
  // All at once: one member's old name may be another's new one.
  for (const {from} of renamed) members.delete(from);
  for (const {to} of renamed) members.add(to);
  for (const name of came) members.add(name);
  const typing = withoutTyping(state, (_until, name) => left.includes(name)).typing;
  // In a room above limits.members nobody says who leaves: old names would stay for ever.
  return {...state, members: count > state.limits.members ? [] : [...members], count, typing};
}

/** @param {State} state @param {string} given @returns {Update} */
function onRename(state, given) {
  const wished = {...state, me: {...state.me, wish: given}, notice: ''};
  /** @type {Effect[]} */
  const effects = [{type: 'remember', wish: given, guest: state.me.guest}];
  if (given === '') return {state: {...wished, renames: [], me: {...wished.me, called: ''}}, effects};
  const behind = state.next - 1;
  const before = state.renames.filter((one) => one.behind !== behind);
  const isOurs = joined(state) && before.length === 0 && !state.renaming && given === state.me.name;
  const renames = isOurs ? before : [...before, {name: given, behind}];
  return then({state: {...wished, renames, me: {...wished.me, called: isOurs ? given : state.me.called}}, effects}, pump);
}

/** Whether something up to n is not acknowledged yet. @param {State} state @param {number} n */
const isOpenUpTo = (state, n) =>
  state.pending.some((one) => one.n <= n && (one.status === 'queued' || one.status === 'sent'));

/** Asks for the next name when it is its turn. @param {State} state @returns {Update} */
function askName(state) {
  const [next, ...renames] = state.renames;
  if (!next || state.renaming || isOpenUpTo(state, next.behind)) return plain(state);
  const me = {...state.me, called: next.name, asked: next.name};
  return {
    state: {...state, renames, renaming: true, me},
    effects: [{type: 'transmit', frame: {type: 'rename', name: next.name}}],
  };
}

/** @param {State} state @param {string} name @returns {State} */
function onRenamed(state, name) {
  const members = unique(state.members.map((one) => (one === state.me.name ? name : one)));
  const wanted = state.renaming ? state.me.asked : state.me.wish;
  return {...state, renaming: false, me: {...state.me, name}, members, notice: takenNotice(wanted, name)};
}

/** @param {State} state @param {number} now @returns {Update} */
function onTyped(state, now) {
  if (!joined(state) || state.draining || now - state.typedAt < TYPING_SENT_EVERY_MS) return plain(state);
  return {state: {...state, typedAt: now}, effects: [{type: 'transmit', frame: {type: 'typing'}}]};
}

/** @param {State} state @param {string} name @param {number} now @returns {State} */
function onTyping(state, name, now) {
  if (name === state.me.name) return state;
  return {...state, typing: new Map(state.typing).set(name, now + TYPING_SHOWN_MS)};
}

/** @param {State} state @param {(until: number, name: string) => boolean} over @returns {State} */
function withoutTyping(state, over) {
  const typing = new Map([...state.typing].filter(([name, until]) => !over(until, name)));
  return typing.size === state.typing.size ? state : {...state, typing};
}
