// @ts-check
// One room of the page: who we are in it, what we know of it, and its connection.

import {Connection} from './connection.js';
import {Identity, claimByAsking, claimByLock} from './identity.js';
import {socketUrl} from './protocol.js';
import {storeOrNull} from './shelf.js';
import {awaiting, initial, update} from './store.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./store.js').Event} Event
 * @typedef {import('./store.js').Effect} Effect
 *
 * @typedef {{changed: (room: Room) => void, mentioned: (room: Room, name: string, text: string) => void}} Listener
 */

/** @returns {import('./identity.js').Claim} */
function claim() {
  if (navigator.locks) return claimByLock(navigator.locks);
  const channel = new BroadcastChannel('chat.v1');
  return claimByAsking(channel, Math.random, (run, ms) => setTimeout(run, ms));
}

export class Room {
  /** @param {string} name @param {import('./shelf.js').Shelf} shelf @param {Listener} listener */
  static async open(name, shelf, listener) {
    const identity = new Identity({
      room: name,
      tab: storeOrNull(() => sessionStorage),
      browser: storeOrNull(() => localStorage),
      now: () => Date.now(),
      fill: (bytes) => void crypto.getRandomValues(bytes),
    });
    await identity.open(claim());
    const {ignored} = shelf;
    return new Room(initial({...identity, room: name, read: shelf.readIn(name), ignored}), identity, listener);
  }

  /** @param {State} state @param {Identity} identity @param {Listener} listener */
  constructor(state, identity, listener) {
    this.state = state;
    this.identity = identity;
    this.listener = listener;
    this.told = false;
    this.connection = new Connection({
      url: socketUrl(location.href, state.room),
      WebSocket,
      setTimeout: (run, ms) => setTimeout(run, ms),
      clearTimeout: (timer) => clearTimeout(timer),
      now: () => Date.now(),
      random: Math.random,
      dispatch: (event) => this.dispatch(event),
      awaiting: () => awaiting(this.state),
    });
  }

  get name() {
    return this.state.room;
  }

  /** @param {Event} event */
  dispatch(event) {
    const {state, effects} = update(this.state, event);
    const changed = state !== this.state;
    this.state = state;
    for (const effect of effects) this.perform(effect);
    if (changed) this.listener.changed(this);
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
      case 'mention': this.listener.mentioned(this, effect.name, effect.text); break;
    }
    this.tellWhatIsNotKept();
  }

  /** Says once that this browser does not keep what it should. */
  tellWhatIsNotKept() {
    if (this.told || this.identity.keeps) return;
    this.told = true;
    this.dispatch({type: 'notice', text: 'notice.storage'});
  }

  connect() {
    this.connection.retryNow();
  }

  /** Goes away; what is not sent yet waits until somebody comes back. */
  leave() {
    this.connection.leave();
    this.dispatch({type: 'lost', why: '', retryAt: null});
  }

  /** Something outside has changed: comes back at once, or makes sure that the connection still lives. */
  wake() {
    if (this.state.connection.phase === 'waiting') this.connection.retryNow();
    else this.dispatch({type: 'probe'});
  }
}
