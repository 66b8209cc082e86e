// @ts-check
// What a browser remembers of rooms, for the next visit: where somebody was and what was read there, whom they ignore,
// whether they want to be notified; and of one tab, which rooms it has open. Storage comes in from outside.

/**
 * @typedef {import('./protocol.js').Cursor} Cursor
 * @typedef {import('./identity.js').Store} Store
 * @typedef {{room: string, at: number, read: Cursor | null}} Visit
 */

const MOST_VISITS = 30;
const MOST_IGNORED = 200;
const PREFIX = 'chat.v1';

/** @param {any} one @returns {Visit | null} */
function visitIn(one) {
  if (typeof one?.room !== 'string' || !Number.isFinite(one?.at)) return null;
  const {epoch, seq} = one.read ?? {};
  return {room: one.room, at: one.at, read: typeof epoch === 'string' && Number.isSafeInteger(seq) ? {epoch, seq} : null};
}

/** What two tabs have read: in one log the further of the two. @param {Cursor | null} before @param {Cursor | null} read */
function further(before, read) {
  if (before === null || read === null) return read ?? before;
  return before.epoch === read.epoch && before.seq > read.seq ? before : read;
}

export class Shelf {
  /** @param {{tab: Store | null, browser: Store | null}} from sessionStorage and localStorage; null where there is none */
  constructor({tab, browser}) {
    this.tab = tab;
    this.browser = browser;
  }

  /** The rooms that were visited, the last one first. @returns {Visit[]} */
  visits() {
    const kept = this.read(this.browser, 'visits');
    return (Array.isArray(kept) ? kept.map(visitIn) : []).filter((one) => one !== null);
  }

  /** Somebody is in `room`, and has read up to `read` when that is known. @param {string} room @param {number} at @param {Cursor | null} read */
  visit(room, at, read) {
    const visits = this.visits();
    const before = visits.find((one) => one.room === room);
    const others = visits.filter((one) => one.room !== room);
    const all = [{room, at, read: further(before?.read ?? null, read)}, ...others];
    this.write(this.browser, 'visits', all.sort((a, b) => b.at - a.at).slice(0, MOST_VISITS));
  }

  /** Up to where `room` was read. @param {string} room @returns {Cursor | null} */
  readIn(room) {
    return this.visits().find((one) => one.room === room)?.read ?? null;
  }

  /** @returns {string[]} */
  get ignored() {
    return this.names(this.browser, 'ignored').slice(0, MOST_IGNORED);
  }

  set ignored(names) {
    this.write(this.browser, 'ignored', names.slice(-MOST_IGNORED));
  }

  get notifies() {
    return this.read(this.browser, 'notifies') === true;
  }

  set notifies(on) {
    this.write(this.browser, 'notifies', on);
  }

  /** The rooms that this tab has open. */
  get open() {
    return this.names(this.tab, 'open');
  }

  set open(rooms) {
    this.write(this.tab, 'open', rooms);
  }

  /** @param {Store | null} store @param {string} key @returns {string[]} */
  names(store, key) {
    const kept = this.read(store, key);
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  }

  /** @param {Store | null} store @param {string} key @returns {unknown} null when there is nothing readable */
  read(store, key) {
    try {
      return JSON.parse(store?.getItem(`${PREFIX}:${key}`) ?? 'null');
    } catch {
      return null;
    }
  }

  /** What cannot be kept is no loss: the next visit begins without it. @param {Store | null} store @param {string} key @param {unknown} value */
  write(store, key, value) {
    try {
      store?.setItem(`${PREFIX}:${key}`, JSON.stringify(value));
    } catch {
      return;
    }
  }
}

/** @param {() => Storage} storage what throws or is missing where cookies are blocked */
export function storeOrNull(storage) {
  try {
    return storage() ?? null;
  } catch {
    return null;
  }
}
