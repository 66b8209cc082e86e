// A room as docs/protocol.md promises it, reached over a line that is cut at random: both ways lose what is
// on them. A second member talks too, old messages are trimmed, and the log is wiped. What a page must not do
// throws.

import {LIMITS, welcome} from './frames.mjs';

const INFLIGHT = 4;

export class ModelServer {
  /** @param {() => number} random @param {string} secret @param {string} client what others see of it */
  constructor(random, secret, client) {
    this.random = random;
    this.secret = secret;
    this.client = client;
    /** @type {any[][]} all that was ever in them; the last one is the room's */
    this.logs = [[]];
    /** The highest seq that was trimmed from the last one. */
    this.floor = 0;
    /** @type {Map<number, number>} n → seq, of the page's newest n */
    this.taken = new Map();
    /** @type {any[]} frames to the page */
    this.down = [];
    /** @type {any[]} frames from the page */
    this.up = [];
    this.linked = false;
    this.greeted = false;
  }

  get log() {
    return /** @type {any[]} */ (this.logs.at(-1));
  }

  get epoch() {
    return `log ${this.logs.length}`;
  }

  get head() {
    return this.log.at(-1)?.seq ?? 0;
  }

  /** What is still there. */
  get kept() {
    return this.log.filter(({seq}) => seq > this.floor);
  }

  /** @param {number} below */
  pick(below) {
    return Math.floor(this.random() * below);
  }

  /**
   * Lets `page` live through a random history and then gives it time to come to rest; what was written in it.
   * @param {{state: import('../../../web/store.js').State, do: (event: any) => unknown, frames: () => any[]}} page
   * @returns {string[]}
   */
  run(page) {
    /** @type {string[]} */
    const written = [];
    for (let step = 0; step < 120; ++step) {
      switch (this.pick(9)) {
        case 0:
          if (this.random() < 0.3) this.cut(page);
          break;
        case 1:
          written.push(`text ${written.length}`);
          page.do({type: 'submit', text: written.at(-1)});
          break;
        case 2: this.append('bob', {message: `step ${step}`}); break;
        case 3: this.resume(page); break;
        case 4: this.meddle(page); break;
        case 5: this.look(page); break;
        default: this.move(page);
      }
      this.collect(page);
    }
    page.do({type: 'jump'});
    for (let step = 0; step < 2000; ++step) {
      this.resume(page);
      this.move(page);
      this.collect(page);
    }
    return written;
  }

  /** What happens seldom: retention, a wiped log, somebody who presses Send again. @param {any} page */
  meddle(page) {
    const what = this.random();
    if (what < 0.15) {
      this.logs.push([]);
      this.floor = 0;
      this.taken.clear();
      this.cut(page);
    } else if (what < 0.5) {
      const last = this.log[this.pick(this.log.length)];
      this.floor = Math.max(this.floor, this.random() < 0.5 ? this.head : (last?.seq ?? 0));
    } else {
      const failed = page.state.pending.find((/** @type {any} */ one) => one.status === 'failed');
      if (failed) page.do({type: 'retry', n: failed.n});
    }
  }

  /** Somebody follows a link to a message, of this log or another, pages on, or goes back to the newest. @param {any} page */
  look(page) {
    const what = this.random();
    if (what < 0.15) page.do({type: 'open', cursor: {epoch: this.epoch, seq: this.pick(this.head + 2)}});
    else if (what < 0.2) page.do({type: 'open', cursor: {epoch: 'another', seq: 1}});
    else if (what < 0.4) page.do({type: 'older'});
    else if (what < 0.6) page.do({type: 'newer'});
    else if (what < 0.7) page.do({type: 'jump'});
  }

  /** @param {any} page */
  collect(page) {
    const frames = page.frames();
    if (this.linked) this.up.push(...frames);
  }

  /** @param {any} page */
  cut(page) {
    this.up = [];
    this.down = [];
    this.linked = false;
    this.greeted = false;
    page.do({type: 'lost', why: 'cut', retryAt: 0});
  }

  /** Connects, when there is no connection; ends a pause. @param {any} page */
  resume(page) {
    page.do({type: 'resume'});
    if (this.linked) return;
    this.collect(page);
    this.linked = true;
    page.do({type: 'connecting'});
    page.do({type: 'opened'});
  }

  /** One frame, one way. @param {any} page */
  move(page) {
    if (this.up.length > 0 && this.random() < 0.5) this.answer(this.up.shift());
    else if (this.down.length > 0) page.do({type: 'frame', frame: this.down.shift()});
    else if (this.up.length > 0) this.answer(this.up.shift());
  }

  /** @param {string} name @param {Record<string, unknown>} given */
  append(name, given) {
    const seq = this.head + 1 + this.pick(3);
    const one = {seq, at: 1, name, ...given};
    this.log.push(one);
    if (this.greeted) this.down.push({type: 'message', ...one});
    return seq;
  }

  /** @param {any} frame */
  answer(frame) {
    switch (frame.type) {
      case 'hello': return this.greet(frame);
      case 'send': return this.take(frame);
      case 'history': return this.page(frame);
    }
  }

  /** @param {any} hello */
  greet({client, since}) {
    if (client !== this.secret) throw new Error(`hello as ${client}`);
    this.greeted = true;
    const {epoch, head} = this;
    const joinsOn = this.continuity(since);
    this.down.push(welcome({client: this.client, epoch, head, limits: {...LIMITS, inflight: INFLIGHT}, ...joinsOn}));
    if (!since || joinsOn.missing?.epoch) return;
    this.down.push(...this.kept.filter(({seq}) => seq > since.seq).map((one) => ({type: 'message', ...one})));
  }

  /** @param {{epoch: string, seq: number} | undefined} since @returns {any} */
  continuity(since) {
    if (!since) return {};
    if (since.epoch !== this.epoch || since.seq > this.head) return {recovered: false, missing: {epoch: since.epoch}};
    if (since.seq >= this.floor) return {recovered: true};
    return {recovered: false, missing: {after: since.seq, before: this.kept[0]?.seq ?? this.head + 1}};
  }

  /** @param {any} send */
  take({n, message}) {
    if (this.random() < 0.1) {
      this.down.push({type: 'error', code: 'busy', text: 'busy', n});
      return;
    }
    const before = this.taken.get(n);
    if (before === undefined && this.taken.size === INFLIGHT && n < Math.min(...this.taken.keys())) {
      throw new Error(`n ${n} is behind what is remembered: ${[...this.taken.keys()]}`);
    }
    const seq = before ?? this.append('ann', {client: this.client, n, message});
    this.taken.set(n, seq);
    if (this.taken.size > INFLIGHT) this.taken.delete(Math.min(...this.taken.keys()));
    if (before !== undefined) this.down.push({type: 'ack', n, seq, repeat: true});
    else this.down.splice(this.down.length - this.pick(2), 0, {type: 'ack', n, seq});
  }

  /** @param {any} request */
  page({before, after, limit}) {
    const inside = this.kept.filter(({seq}) => seq < (before ?? Infinity) && seq > (after ?? -1));
    const messages = after === undefined ? inside.slice(-limit) : inside.slice(0, limit);
    this.down.push({type: 'history', before, after, messages, more: messages.length < inside.length});
  }
}
