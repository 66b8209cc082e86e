// @ts-check
// One WebSocket at a time to one room, kept up: connects, notices silence, comes back with full-jitter
// backoff or as the server told. What is said over it is the store's business (store.js).
// The socket class, timers, clock and random come in from outside.

import {SUBPROTOCOL, decode, encode} from './protocol.js';
import {saidBy} from './texts.js';

/**
 * @typedef {import('./protocol.js').ClientFrame} ClientFrame
 * @typedef {import('./protocol.js').ServerFrame} ServerFrame
 * @typedef {import('./store.js').Event} Event
 *
 * What a WebSocket is used for here.
 * @typedef {{readyState: number, send: (text: string) => void, close: (code?: number) => void,
 *            onopen: ((event: any) => void) | null, onmessage: ((event: any) => void) | null,
 *            onclose: ((event: any) => void) | null}} Socket
 *
 * @typedef {{
 *   url: string,
 *   WebSocket: new (url: string, protocols: string[]) => Socket,
 *   setTimeout: (run: () => void, ms: number) => unknown,
 *   clearTimeout: (timer: any) => void,
 *   now: () => number,
 *   random: () => number,
 *   dispatch: (event: Event) => void,
 *   awaiting: () => boolean,
 * }} Environment
 */

const BACKOFF_BASE_MS = 500;
const BACKOFF_CAP_MS = 30_000;
/** Codes 4100–4199 ask for a pause before coming back. */
const PENALTY_MS = 1000;
/** A connection that held this long was a good one: the next loss starts from the shortest backoff. */
const STABLE_MS = 10_000;
const SILENCE_TIMEOUT_MS = 15_000;
const OPEN = 1;

/**
 * What a close code asks of a client.
 * @param {number} code
 * @returns {'stay away' | 'pause' | 'come back'}
 */
export function adviceOf(code) {
  if (code >= 4000 && code <= 4099) return 'stay away';
  if (code >= 4100 && code <= 4199) return 'pause';
  return 'come back';
}

/** Closes that the page has words for. */
const REASONS = new Set([1001, 1009, 1011, 1013, 4001, 4002, 4003, 4100, 4101, 4102, 4200, 4201]);

/**
 * States: idle → connecting → joined → waiting → connecting → …; stopped after a code that says so,
 * until retryNow().
 */
export class Connection {
  /** @param {Environment} environment */
  constructor(environment) {
    this.env = environment;
    /** @type {Socket | null} */
    this.socket = null;
    /** @type {unknown} */
    this.reconnectTimer = null;
    /** @type {unknown} */
    this.watchTimer = null;
    this.attempts = 0;
    this.joinedAt = -1;
    this.heardAt = 0;
    /** When the server said that it may be asked again; 0: it said nothing. */
    this.notBefore = 0;
    /** @type {import('./texts.js').Text} */
    this.told = '';
  }

  /** Connects now, whatever was planned. Does nothing while a connection is there or being made. */
  retryNow() {
    if (this.socket) return;
    this.env.clearTimeout(this.reconnectTimer);
    this.reconnectTimer = null;
    this.connect();
  }

  /** True when the frame was handed to an open socket. @param {ClientFrame} frame */
  send(frame) {
    if (!this.socket || this.socket.readyState !== OPEN) return false;
    this.socket.send(encode(frame));
    this.watch();
    return true;
  }

  connect() {
    const {env} = this;
    env.dispatch({type: 'connecting'});
    this.joinedAt = -1;
    this.notBefore = 0;
    this.told = '';
    this.heardAt = env.now();
    const socket = new env.WebSocket(env.url, [SUBPROTOCOL]);
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket === socket) env.dispatch({type: 'opened'});
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) this.hear(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.lose(event.code);
    };
    this.watch();
  }

  /** @param {unknown} data */
  hear(data) {
    this.heardAt = this.env.now();
    const {frame} = decode(data);
    if (!frame) return;
    if (frame.type === 'welcome') this.joinedAt = this.heardAt;
    if (frame.type === 'closing') this.notBefore = this.heardAt + frame.reconnect_after_ms;
    if (frame.type === 'error' && frame.n === undefined) this.heed(frame);
    this.env.dispatch({type: 'frame', frame, now: this.heardAt});
    this.watch();
  }

  /** @param {import('./protocol.js').ErrorFrame} error */
  heed(error) {
    this.told = saidBy(error);
    if (error.retry_after_ms) this.notBefore = this.heardAt + error.retry_after_ms;
  }

  /** The socket is gone. @param {number} code */
  lose(code) {
    const {env} = this;
    this.socket = null;
    env.clearTimeout(this.watchTimer);
    this.watchTimer = null;
    const why = this.whyLost(code);
    if (adviceOf(code) === 'stay away') {
      env.dispatch({type: 'lost', why, retryAt: null});
      return;
    }
    const delay = this.delayAfter(code);
    this.reconnectTimer = env.setTimeout(() => {
      this.reconnectTimer = null;
      this.connect();
    }, delay);
    env.dispatch({type: 'lost', why, retryAt: env.now() + delay});
  }

  /** @param {number} code @returns {import('./texts.js').Text} */
  whyLost(code) {
    if (REASONS.has(code)) return `lost.${code}`;
    return code >= 4000 && this.told !== '' ? this.told : 'lost.other';
  }

  /** Leaves for good. */
  leave() {
    this.env.clearTimeout(this.reconnectTimer);
    this.env.clearTimeout(this.watchTimer);
    const {socket} = this;
    this.socket = null;
    socket?.close();
  }

  /** Milliseconds until the next attempt. @param {number} code */
  delayAfter(code) {
    const now = this.env.now();
    const stable = this.joinedAt >= 0 && now - this.joinedAt >= STABLE_MS;
    this.attempts = stable ? 1 : this.attempts + 1;
    const told = Math.max(0, this.notBefore - now);
    // The first time after a promise to be back the server's word is enough: it has spread its clients.
    if (this.notBefore > 0 && this.attempts === 1) return told;
    const most = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (this.attempts - 1));
    const jitter = Math.floor(this.env.random() * most);
    return told + jitter + (adviceOf(code) === 'pause' ? PENALTY_MS : 0);
  }

  /** Starts the watch over a silent server, when an answer is due and no watch is on. */
  watch() {
    if (this.watchTimer !== null || !this.socket || !this.answerDue()) return;
    this.watchFrom(this.env.now());
  }

  /** @param {number} since when the silence began */
  watchFrom(since) {
    const left = SILENCE_TIMEOUT_MS - (this.env.now() - since);
    this.watchTimer = this.env.setTimeout(() => this.onWatch(since), left);
  }

  answerDue() {
    return this.joinedAt < 0 || this.env.awaiting();
  }

  /** @param {number} since */
  onWatch(since) {
    this.watchTimer = null;
    if (!this.socket || !this.answerDue()) return;
    if (this.heardAt > since) this.watchFrom(this.heardAt);
    else this.abandon();
  }

  /** Lets go of a socket that does not answer; its own close could take minutes. */
  abandon() {
    const {socket} = this;
    if (!socket) return;
    this.lose(1006);
    socket.close();
  }
}
