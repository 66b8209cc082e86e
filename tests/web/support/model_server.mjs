// A room as docs/protocol.md promises it, reached over a line that is cut at random: both ways lose what is
// on them. A second member talks too.

import {LIMITS, welcome} from './frames.mjs';

export class ModelServer {
  /** @param {() => number} random @param {string} secret @param {string} client what others see of it */
  constructor(random, secret, client) {
    this.random = random;
    this.secret = secret;
    this.client = client;
    /** @type {any[]} */
    this.log = [];
    /** @type {Map<number, number>} n → seq */
    this.taken = new Map();
    /** @type {any[]} frames to the page */
    this.down = [];
    /** @type {any[]} frames from the page */
    this.up = [];
    this.linked = false;
    this.greeted = false;
  }

  /** @param {number} below */
  pick(below) {
    return Math.floor(this.random() * below);
  }

  /**
   * Lets `page` live through a random history and then gives it time to come to rest; what was written in it.
   * @param {{do: (event: any) => unknown, frames: () => any[], effects: any[]}} page
   * @returns {string[]}
   */
  run(page) {
    /** @type {string[]} */
    const written = [];
    for (let step = 0; step < 120; ++step) {
      switch (this.pick(8)) {
        case 0:
          if (this.random() < 0.3) this.cut(page);
          break;
        case 1:
          written.push(`text ${written.length}`);
          page.do({type: 'submit', text: written.at(-1)});
          break;
        case 2: this.append('bob', {message: `step ${step}`}); break;
        case 3: this.resume(page); break;
        default: this.move(page);
      }
      this.collect(page);
    }
    for (let step = 0; step < 2000; ++step) {
      this.resume(page);
      this.move(page);
      this.collect(page);
    }
    return written;
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
    const seq = (this.log.at(-1)?.seq ?? 0) + 1 + this.pick(3);
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
  greet({since}) {
    this.greeted = true;
    const head = this.log.at(-1)?.seq ?? 0;
    this.down.push(welcome({head, limits: {...LIMITS, inflight: 4}, ...(since ? {recovered: true} : {})}));
    if (since) this.down.push(...this.log.filter(({seq}) => seq > since.seq).map((one) => ({type: 'message', ...one})));
  }

  /** @param {any} send */
  take({n, message}) {
    if (this.random() < 0.1) {
      this.down.push({type: 'error', code: 'busy', text: 'busy', n});
      return;
    }
    const before = this.taken.get(n);
    const seq = before ?? this.append('ann', {client: this.client, n, message});
    this.taken.set(n, seq);
    this.down.push(before === undefined ? {type: 'ack', n, seq} : {type: 'ack', n, seq, repeat: true});
  }

  /** @param {any} request */
  page({before, after, limit}) {
    const inside = this.log.filter(({seq}) => seq < (before ?? Infinity) && seq > (after ?? -1));
    const messages = after === undefined ? inside.slice(-limit) : inside.slice(0, limit);
    this.down.push({type: 'history', before, after, messages, more: messages.length < inside.length});
  }
}
