// @ts-check
// The frames and names of docs/protocol.md as values and back. Pure: no DOM, no clock, no socket.
// Whatever a server sends, nothing here throws.

export const SUBPROTOCOL = 'chat.v1';

/** n and seq are below. */
export const MAX_INTEGER = 2 ** 53;

/**
 * @typedef {{seq: number, at: number, name: string, client?: string, n?: number, message: unknown}} Message
 * @typedef {{message_bytes: number, inflight: number, frames_per_second: number, history_page: number,
 *            members: number}} Limits
 * @typedef {{after?: number, before?: number, epoch?: string}} Missing
 *
 * @typedef {{type: 'welcome', room: string, name: string, client?: string, epoch: string, head: number,
 *            recovered?: boolean, missing?: Missing, members: string[], count: number, limits: Limits,
 *            resume_within_ms: number}} Welcome
 * @typedef {{type: 'message'} & Message} MessageFrame
 * @typedef {{type: 'ack', n: number, seq: number, repeat?: boolean}} Ack
 * @typedef {{type: 'presence', joined?: string[], left?: string[], renamed?: {from: string, to: string}[],
 *            count: number}} Presence
 * @typedef {{type: 'renamed', name: string}} Renamed
 * @typedef {{type: 'typing', name: string}} Typing
 * @typedef {{type: 'history', before?: number, after?: number, messages: Message[], more: boolean}} History
 * @typedef {{type: 'error', code: string, text: string, n?: number, limit?: number,
 *            retry_after_ms?: number}} ErrorFrame
 * @typedef {{type: 'closing', reconnect_after_ms: number}} Closing
 * @typedef {{type: 'ready'}} Ready
 * @typedef {Welcome | MessageFrame | Ack | Presence | Renamed | Typing | History | ErrorFrame | Closing
 *   | Ready} ServerFrame
 *
 * @typedef {{type: 'hello', client?: string, name?: string, since?: {epoch: string, seq: number}, token?: string, ordered?: boolean}
 *   | {type: 'send', n: number, first?: boolean, message: unknown}
 *   | {type: 'rename', name: string}
 *   | {type: 'typing'}
 *   | {type: 'history', before?: number, after?: number, limit?: number}} ClientFrame
 *
 * @typedef {{frame: ServerFrame, error?: undefined}
 *   | {frame?: undefined, error: 'bad_json' | 'bad_frame' | 'unknown_type'}} Decoded
 */

// ---- server → client

/** What a shape gives for a value that it does not take. */
const WRONG = Symbol('wrong');

/**
 * Takes a parsed JSON value, gives what is known of it, or WRONG.
 * @typedef {(value: unknown) => unknown} Shape
 */

/** @type {Shape} */
const any = (value) => (value === undefined ? WRONG : value);
/** @type {Shape} */
const text = (value) => (typeof value === 'string' ? value : WRONG);
/** @type {Shape} */
const flag = (value) => (typeof value === 'boolean' ? value : WRONG);
/** @type {Shape} */
const number = (value) => (typeof value === 'number' && value >= 0 ? value : WRONG);
/** @type {Shape} */
const integer = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < MAX_INTEGER ? value : WRONG;

/** @param {Shape} shape @returns {Shape} */
const optional = (shape) => (value) => (value === undefined ? undefined : shape(value));

/** @param {Shape} shape @returns {Shape} */
const list = (shape) => (value) => {
  if (!Array.isArray(value)) return WRONG;
  const items = value.map(shape);
  return items.includes(WRONG) ? WRONG : items;
};

/** @param {Record<string, Shape>} shapes @returns {Shape} */
const object = (shapes) => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return WRONG;
  /** @type {Record<string, unknown>} */
  const known = {};
  for (const [key, shape] of Object.entries(shapes)) {
    const own = Object.hasOwn(value, key) ? /** @type {any} */ (value)[key] : undefined;
    const member = shape(own);
    if (member === WRONG) return WRONG;
    if (member !== undefined) known[key] = member;
  }
  return known;
};

const message = {
  seq: integer,
  at: integer,
  name: text,
  client: optional(text),
  n: optional(integer),
  message: any,
};

/** @type {Record<string, Record<string, Shape>>} */
const MEMBERS = {
  welcome: {
    room: text,
    name: text,
    client: optional(text),
    epoch: text,
    head: integer,
    recovered: optional(flag),
    missing: optional(
      object({after: optional(integer), before: optional(integer), epoch: optional(text)}),
    ),
    members: list(text),
    count: integer,
    limits: object({
      message_bytes: integer,
      inflight: integer,
      frames_per_second: number,
      history_page: integer,
      members: integer,
    }),
    resume_within_ms: integer,
  },
  message,
  ack: {n: integer, seq: integer, repeat: optional(flag)},
  presence: {
    joined: optional(list(text)),
    left: optional(list(text)),
    renamed: optional(list(object({from: text, to: text}))),
    count: integer,
  },
  renamed: {name: text},
  typing: {name: text},
  history: {
    before: optional(integer),
    after: optional(integer),
    messages: list(object(message)),
    more: flag,
  },
  error: {
    code: text,
    text,
    n: optional(integer),
    limit: optional(integer),
    retry_after_ms: optional(integer),
  },
  closing: {reconnect_after_ms: integer},
  ready: {},
};

const FRAMES = new Map(
  Object.entries(MEMBERS).map(([type, members]) => [type, object({type: text, ...members})]),
);

/** @typedef {{rawJSON?: (text: string) => unknown, parse: (text: string, reviver?: Function) => unknown}} NewJson */
const json = /** @type {NewJson} */ (/** @type {unknown} */ (JSON));

/**
 * Keeps a number that a double would alter (12345678901234567890, 1.0) as it was written, where the
 * browser can do that.
 * @param {string} _key @param {unknown} value @param {{source?: string}} [context]
 */
function keepNumber(_key, value, context) {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return json.rawJSON?.(source);
}

/** @param {ServerFrame} frame */
function hasStructure(frame) {
  /** @param {unknown} value */
  const altered = (value) => typeof value === 'number' || (typeof value === 'object' && value !== null);
  if (frame.type === 'message') return altered(frame.message);
  return frame.type === 'history' && frame.messages.some((one) => altered(one.message));
}

/**
 * One text frame of a server. Members that the protocol does not name are left out.
 * @param {unknown} frameText
 * @returns {Decoded}
 */
export function decode(frameText) {
  if (typeof frameText !== 'string') return {error: 'bad_frame'};
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(frameText);
  } catch {
    return {error: 'bad_json'};
  }
  const read = readFrame(value);
  if (!read.frame || !json.rawJSON || !hasStructure(read.frame)) return read;
  return readExact(frameText) ?? read;
}

/** @param {string} frameText @returns {Decoded | null} null where it nests too deep for that */
function readExact(frameText) {
  try {
    const read = readFrame(json.parse(frameText, keepNumber));
    return read.frame ? read : null;
  } catch {
    return null;
  }
}

/** @param {unknown} value @returns {Decoded} */
function readFrame(value) {
  const head = object({type: text})(value);
  if (head === WRONG) return {error: 'bad_frame'};
  const shape = FRAMES.get(/** @type {{type: string}} */ (head).type);
  if (!shape) return {error: 'unknown_type'};
  const frame = shape(value);
  return frame === WRONG ? {error: 'bad_frame'} : {frame: /** @type {ServerFrame} */ (frame)};
}

/**
 * A message's value for people: a string as it is, anything else as JSON.
 * @param {unknown} value
 */
export function readable(value) {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? '';
  } catch {
    return '[nested too deep to be shown]';
  }
}

// ---- client → server

/**
 * Text without halves of surrogate pairs, which JSON cannot carry as UTF-8.
 * @param {string} value
 */
export function wellFormed(value) {
  return value.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** @param {ClientFrame} frame */
export function encode(frame) {
  return JSON.stringify(frame, (_key, value) => (typeof value === 'string' ? wellFormed(value) : value));
}

/** @param {string} value */
const utf8Length = (value) => new TextEncoder().encode(value).length;

/**
 * What `limits.message_bytes` counts: the bytes of the value's JSON text.
 * @param {unknown} value
 */
export function messageBytes(value) {
  return utf8Length(JSON.stringify(value));
}

// ---- names

const MAX_ROOM_CHARACTERS = 94;
const MAX_NAME_CHARACTERS = 32;
const MAX_NAME_BYTES = 128;
const RESERVED_ROOMS = ['api', 'assets', 'healthz', 'metrics', 'readyz', 'ws'];

/** @typedef {{name: string, why?: undefined} | {name?: undefined, why: import('./texts.js').Text}} CheckedName */

/**
 * The room that `given` names, in its one spelling, or why it names none.
 * @param {string} given
 * @returns {CheckedName}
 */
export function checkRoom(given) {
  const name = given.normalize('NFC');
  if (name === '') return {why: 'room.needed'};
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*$/u.test(name)) {
    return {why: 'room.letters'};
  }
  const length = [...name].length;
  if (length > MAX_ROOM_CHARACTERS) {
    return {why: {key: 'room.long', most: MAX_ROOM_CHARACTERS, length}};
  }
  if (RESERVED_ROOMS.includes(name)) {
    return {why: {key: 'room.reserved', name}};
  }
  return {name};
}

/** @param {string} value */
function graphemes(value) {
  if (typeof Intl.Segmenter !== 'function') return [...value].length;
  let count = 0;
  for (const _ of new Intl.Segmenter('en', {granularity: 'grapheme'}).segment(value)) ++count;
  return count;
}

/**
 * A member's name in its one spelling, or why it is none.
 * @param {string} given
 * @returns {CheckedName}
 */
export function checkName(given) {
  const name = given.normalize('NFC').replace(/\p{Zs}+/gu, ' ').replace(/^ | $/g, '');
  if (/(?![\u200C\u200D])[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    return {why: 'name.unprintable'};
  }
  const visible = name.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  if (visible === '' || /^\p{M}/u.test(visible)) return {why: 'name.invisible'};
  const length = graphemes(name);
  if (length > MAX_NAME_CHARACTERS) {
    return {why: {key: 'name.long', most: MAX_NAME_CHARACTERS, length}};
  }
  const bytes = utf8Length(name);
  if (bytes > MAX_NAME_BYTES) {
    return {why: {key: 'name.bytes', most: MAX_NAME_BYTES, bytes}};
  }
  return {name};
}

/** @typedef {{epoch: string, seq: number}} Cursor */

/**
 * `EPOCH:SEQ` as a cursor; null for anything else.
 * @param {string} given
 * @returns {Cursor | null}
 */
export function readCursor(given) {
  const [, epoch, digits] = /^([\w-]{1,32}):(\d+)$/.exec(given) ?? [];
  const seq = Number(digits);
  return epoch !== undefined && seq < MAX_INTEGER ? {epoch, seq} : null;
}

/** @param {Cursor} cursor */
export const writeCursor = ({epoch, seq}) => `${epoch}:${seq}`;

/**
 * The room of a page's path, `…/<room>/`; '' when it cannot be read.
 * @param {string} pathname
 */
export function roomOfPath(pathname) {
  const segment = pathname.replace(/\/$/, '').split('/').pop() ?? '';
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}

/**
 * Where the socket of `room` is, seen from the room's page.
 * @param {string} page the page's URL
 * @param {string} room
 */
export function socketUrl(page, room) {
  const url = new URL(`../ws/${encodeURIComponent(room)}/`, page);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  return url.href;
}
