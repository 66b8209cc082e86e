// @ts-check
// Who this tab is in a room, and what it has not got rid of yet: the client secret, the counter n, and the unsent
// messages. All of it lives in sessionStorage, so that a reload loses and doubles nothing.
//
// A duplicated tab starts with a copy of its twin's sessionStorage. Two tabs with one secret would send
// different messages under one (client, n), so a tab takes over what it finds only while nobody else
// holds it: by a Web Lock, or where there are none (plain http) by asking over a BroadcastChannel.

/**
 * @typedef {{n: number, text: string, at: number, why?: import('./texts.js').Text}} Unsent
 * @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>} Store
 * @typedef {(secret: string) => Promise<boolean>} Claim  resolves to whether the secret is ours alone
 */

const CLAIM_TIMEOUT_MS = 1000;
const ASK_TIMEOUT_MS = 300;
const SECRET_BYTES = 24;
const PREFIX = 'chat.v1';

/** @param {(bytes: Uint8Array) => void} fill */
export function makeSecret(fill) {
  const bytes = new Uint8Array(SECRET_BYTES);
  fill(bytes);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return Array.from(bytes, (byte) => alphabet[byte % 64]).join('');
}

export class Identity {
  /**
   * @param {{room: string, tab: Store | null, browser: Store | null, now: () => number,
   *          fill: (bytes: Uint8Array) => void}} from
   *   tab: sessionStorage; browser: localStorage; null where the browser gives none
   */
  constructor({room, tab, browser, now, fill}) {
    this.base = `${PREFIX}:${room}:`;
    this.tab = tab ?? memoryStore();
    this.browser = browser ?? memoryStore();
    this.fill = fill;
    this.secret = '';
    // The clock runs faster than anybody writes: after a crash, which may bring back an old counter,
    // no n is used twice.
    this.next = now();
    this.wish = '';
    this.guest = '';
    /** @type {Unsent[]} */
    this.unsent = [];
    /** False once something of the tab’s could not be stored: a reload would lose it. */
    this.keeps = tab !== null;
  }

  /** Takes over what this tab kept, or begins anew. @param {Claim} claim */
  async open(claim) {
    const kept = this.read(this.tab, `${this.base}self`);
    const known = typeof kept?.secret === 'string' && Number.isSafeInteger(kept?.next);
    this.wish = this.nameIn(kept?.wish) || this.nameIn(this.read(this.browser, `${PREFIX}:name`));
    if (known && (await claim(kept.secret))) {
      this.secret = kept.secret;
      this.guest = this.nameIn(kept.guest);
      this.unsent = this.readUnsent();
      this.next = Math.max(this.next, kept.next, (this.unsent.at(-1)?.n ?? 0) + 1);
    } else {
      this.forgetAll();
      this.secret = makeSecret(this.fill);
      await claim(this.secret);
    }
    this.writeSelf();
    return this;
  }

  /** Stores an unsent message before it goes out, and the counter behind it. @param {Unsent} message @param {number} next */
  keep({n, text, at, why}, next) {
    this.next = next;
    this.writeSelf();
    this.write(this.tab, `${this.base}unsent:${n}`, {n, text, at, why});
  }

  /** The message is safe on the server, or given up. @param {number} n */
  forget(n) {
    try {
      this.tab.removeItem(`${this.base}unsent:${n}`);
    } catch {
      this.keeps = false;
    }
  }

  /** @param {string} wish @param {string} guest */
  remember(wish, guest) {
    if (wish !== this.wish) this.write(this.browser, `${PREFIX}:name`, wish);
    if (wish === this.wish && guest === this.guest) return;
    this.wish = wish;
    this.guest = guest;
    this.writeSelf();
  }

  writeSelf() {
    const {secret, next, wish, guest} = this;
    this.write(this.tab, `${this.base}self`, {secret, next, wish, guest});
  }

  /** @returns {string[]} */
  unsentKeys() {
    const keys = [];
    try {
      for (let i = 0; i < this.tab.length; ++i) {
        const key = this.tab.key(i);
        if (key?.startsWith(`${this.base}unsent:`)) keys.push(key);
      }
    } catch {
      this.keeps = false;
    }
    return keys;
  }

  /** @returns {Unsent[]} in the order of n */
  readUnsent() {
    const messages = this.unsentKeys().map((key) => this.read(this.tab, key));
    return messages
      .filter((one) => Number.isSafeInteger(one?.n) && typeof one?.text === 'string')
      .map(({n, text, at, why}) => ({n, text, at: Number(at) || 0, why: isText(why) ? why : undefined}))
      .sort((a, b) => a.n - b.n);
  }

  forgetAll() {
    for (const key of this.unsentKeys()) this.tab.removeItem(key);
  }

  /** @param {unknown} value */
  nameIn(value) {
    return typeof value === 'string' ? value : '';
  }

  /** @param {Store} store @param {string} key @returns {any} null when there is nothing readable */
  read(store, key) {
    try {
      return JSON.parse(store.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param {Store} store @param {string} key @param {unknown} value */
  write(store, key, value) {
    try {
      store.setItem(key, JSON.stringify(value));
    } catch {
      if (store === this.tab) this.keeps = false;
    }
  }
}

/**
 * Claims by a Web Lock that is held as long as the page lives. A page that is just being reloaded may
 * hold it for a moment longer, so it is waited for.
 * @param {LockManager} locks
 * @returns {Claim}
 */
export function claimByLock(locks) {
  return (secret) =>
    new Promise((resolve) => {
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(), CLAIM_TIMEOUT_MS);
      const held = locks.request(`${PREFIX}:${secret}`, {signal: patience.signal}, () => {
        clearTimeout(timer);
        resolve(true);
        return new Promise(() => {});
      });
      held.catch(() => resolve(false));
    });
}

/**
 * Claims by asking the other pages of this site. Of two that ask at once, the one with the larger
 * number has it.
 * @param {Pick<BroadcastChannel, 'postMessage' | 'onmessage'>} channel
 * @param {() => number} random
 * @param {(run: () => void, ms: number) => unknown} later
 * @returns {Claim}
 */
export function claimByAsking(channel, random, later) {
  const own = random();
  let mine = '';
  let settled = false;
  return (secret) =>
    new Promise((resolve) => {
      mine = secret;
      settled = false;
      let refused = false;
      channel.onmessage = ({data}) => {
        if (data?.secret !== mine) return;
        if (data.taken) refused = refused || !settled;
        else if (settled || own > data.number) channel.postMessage({secret: mine, taken: true});
        else refused = true;
      };
      channel.postMessage({secret, number: own});
      later(() => {
        settled = !refused;
        resolve(!refused);
      }, ASK_TIMEOUT_MS);
    });
}

/** @param {any} value */
const isText = (value) => typeof value === 'string' || typeof value?.key === 'string';

/** A Store that lasts as long as the page, for browsers that give none. @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    get length() {
      return items.size;
    },
    key: (i) => [...items.keys()][i] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}
