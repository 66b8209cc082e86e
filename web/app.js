// @ts-check
// Joins the parts of a room's page: storage → identity, socket → connection → store → view, and back.

import {Connection} from './connection.js';
import {Identity, claimByAsking, claimByLock} from './identity.js';
import {checkName, checkRoom, roomOfPath, socketUrl} from './protocol.js';
import {bytesOver, awaiting, initial, typingEnds, update} from './store.js';
import {View} from './view.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./store.js').Event} Event
 * @typedef {import('./store.js').Effect} Effect
 */

/** @param {() => Storage} storage what throws or is missing where cookies are blocked */
function storeOrNull(storage) {
  try {
    return storage() ?? null;
  } catch {
    return null;
  }
}

function claim() {
  if (navigator.locks) return claimByLock(navigator.locks);
  const channel = new BroadcastChannel('chat.v1');
  return claimByAsking(channel, Math.random, (run, ms) => setTimeout(run, ms));
}

class App {
  /** @param {string} room @param {Identity} identity */
  constructor(room, identity) {
    this.identity = identity;
    /** @type {State} */
    this.state = initial({...identity, room});
    this.view = new View(document, this);
    this.connection = new Connection({
      url: socketUrl(location.href, room),
      WebSocket,
      setTimeout: (run, ms) => setTimeout(run, ms),
      clearTimeout: (timer) => clearTimeout(timer),
      now: () => Date.now(),
      random: Math.random,
      dispatch: (event) => this.dispatch(event),
      awaiting: () => awaiting(this.state),
    });
    this.frame = 0;
    this.clock = 0;
    this.told = false;
  }

  /** @param {Event} event */
  dispatch(event) {
    const {state, effects} = update(this.state, event);
    const changed = state !== this.state;
    this.state = state;
    for (const effect of effects) this.perform(effect);
    if (changed) this.schedule();
  }

  /** @param {Effect} effect */
  perform(effect) {
    const {identity} = this;
    switch (effect.type) {
      case 'transmit': this.connection.send(effect.frame); break;
      case 'keep': identity.keep(effect.message, effect.next); break;
      case 'forget': identity.forget(effect.n); break;
      case 'remember': identity.remember(effect.wish, effect.guest); break;
      case 'pause': setTimeout(() => this.dispatch({type: 'resume', id: effect.id}), effect.ms); break;
    }
    this.tellWhatIsNotKept();
  }

  /** Says once that this browser does not keep what it should. */
  tellWhatIsNotKept() {
    if (this.told || this.identity.keeps) return;
    this.told = true;
    const text = 'This browser’s storage is full or blocked: what is not sent yet would be lost by a reload.';
    this.dispatch({type: 'notice', text});
  }

  /** One drawing for all that happens before the next frame. */
  schedule() {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.frame = 0;
    this.view.render(this.state, Date.now());
    clearTimeout(this.clock);
    const ms = this.untilNextChange();
    if (ms !== null) this.clock = setTimeout(() => this.onClock(), ms);
  }

  /** Milliseconds until time alone changes what is shown; null when it does not. */
  untilNextChange() {
    const now = Date.now();
    const ends = typingEnds(this.state);
    const {phase, retryAt} = this.state.connection;
    if (phase === 'waiting' && retryAt > now) return ((retryAt - now - 1) % 1000) + 1;
    return ends === 0 ? null : Math.max(0, ends - now);
  }

  onClock() {
    this.dispatch({type: 'tick', now: Date.now()});
    this.schedule();
  }

  // ---- what people do (called by the view)

  /** @param {string} text @returns {string} what is wrong with it; '' when it is on its way */
  submit(text) {
    const over = bytesOver(this.state, text);
    if (over > 0) return `This is ${over.toLocaleString('en')} bytes too long for this server.`;
    this.dispatch({type: 'submit', text, now: Date.now()});
    this.dispatch({type: 'jump'});
    return '';
  }

  /** @param {string} given @returns {string} what is wrong with it; '' when it was taken */
  rename(given) {
    const {name, why} = checkName(given);
    if (name === undefined) return why;
    this.dispatch({type: 'rename', name});
    return '';
  }

  typed() {
    this.dispatch({type: 'typed', now: Date.now()});
  }

  /** @param {number} n */
  retry(n) {
    this.dispatch({type: 'retry', n, now: Date.now()});
  }

  reconnect() {
    this.connection.retryNow();
  }

  /** Something outside has changed: comes back at once, or makes sure that the connection still lives. */
  wake() {
    if (this.state.connection.phase === 'waiting') this.connection.retryNow();
    else this.dispatch({type: 'probe'});
  }

  start() {
    window.addEventListener('online', () => {
      this.dispatch({type: 'online', online: true});
      this.wake();
    });
    window.addEventListener('offline', () => this.dispatch({type: 'online', online: false}));
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.wake();
    });
    this.dispatch({type: 'online', online: navigator.onLine});
    this.connection.retryNow();
  }
}

async function main() {
  const {name, why} = checkRoom(roomOfPath(location.pathname));
  if (name === undefined) {
    View.refuse(document, why);
    return;
  }
  const identity = new Identity({
    room: name,
    tab: storeOrNull(() => sessionStorage),
    browser: storeOrNull(() => localStorage),
    now: () => Date.now(),
    fill: (bytes) => void crypto.getRandomValues(bytes),
  });
  await identity.open(claim());
  new App(name, identity).start();
}

main();
