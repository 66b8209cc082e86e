// @ts-check
// Joins the parts of the page: the rooms that are open, the one that is shown, the address, and what people do.

import {meaningOf} from './commands.js';
import {namesIn} from './completion.js';
import {withEmoji} from './emoji.js';
import {folded} from './names.js';
import {checkName, checkRoom, readCursor, roomOfPath} from './protocol.js';
import {readUpTo} from './reading.js';
import {Room} from './room.js';
import {roomAddress} from './rooms_view.js';
import {Shelf, storeOrNull} from './shelf.js';
import {bytesOver, typingEnds} from './store.js';
import {languageFor, sayIn} from './texts.js';
import {View} from './view.js';

/**
 * @typedef {import('./store.js').Event} Event
 * @typedef {import('./texts.js').Text} Text
 */

const MOST_LISTED = 50;
const SHOWN_IN_NOTICE = 200;

const HELP = ['help.heading', 'help.help', 'help.nick', 'help.me', 'help.join', 'help.part', 'help.rooms', 'help.who',
  'help.history', 'help.search', 'help.ignore', 'help.clear', 'help.quit', 'help.slash', 'help.emoji', 'help.keys'];

class App {
  /** @param {{say: import('./texts.js').Say, language: string, locale: string}} how */
  constructor(how) {
    this.say = how.say;
    this.shelf = new Shelf({tab: storeOrNull(() => sessionStorage), browser: storeOrNull(() => localStorage)});
    /** @type {Map<string, Room>} every room that was open in this page */
    this.opened = new Map();
    /** @type {Map<string, Promise<Room>>} those that are not yet */
    this.opening = new Map();
    /** @type {Room[]} those that are, in the order of their tabs */
    this.rooms = [];
    /** @type {Room | null} */
    this.active = null;
    /** The room that is opening to be shown, and what was submitted for it meanwhile. @type {{name: string, held: string[]} | null} */
    this.entering = null;
    /** @type {Map<string, string>} */
    this.written = new Map();
    this.view = new View(this, how);
    this.frame = 0;
    this.hidden = 0;
    this.clock = 0;
  }

  // ---- rooms

  /** Opens a room, once, however often it is asked for. @param {string} name @returns {Promise<Room>} */
  roomOf(name) {
    const under = this.opening.get(name);
    if (under) return under;
    const opening = Room.open(name, this.shelf, {
      changed: () => this.schedule(),
      mentioned: (room, who, text) => this.notifyOf(room, who, text),
    }).then((room) => {
      this.opened.set(name, room);
      return this.include(room);
    }).finally(() => this.opening.delete(name));
    this.opening.set(name, opening);
    return opening;
  }

  /** Makes `room` one of those that are open. @param {Room} room */
  include(room) {
    if (this.rooms.includes(room)) return room;
    this.rooms.push(room);
    room.dispatch({type: 'online', online: navigator.onLine});
    room.connect();
    return room;
  }

  /** The room that one is in, or on the way to. */
  get heading() {
    return this.entering?.name ?? this.active?.name;
  }

  /** Shows `name`, which opens when it is not open yet; what is typed is for it at once. @param {string} name */
  async enter(name) {
    this.view.turnTo(name);
    this.entering = null;
    const opened = this.opened.get(name);
    if (opened) {
      this.show(this.include(opened));
      return;
    }
    const entering = {name, held: /** @type {string[]} */ ([])};
    this.entering = entering;
    const room = await this.roomOf(name);
    // Somebody may have gone on to another one meanwhile.
    if (this.entering === entering) {
      this.entering = null;
      this.show(room);
      this.submitLate(entering.held, name);
    } else {
      this.keepRooms();
      this.publishLate(entering.held, room);
    }
  }

  /** @param {Room} room */
  show(room) {
    if (room !== this.active) room.dispatch({type: 'enter'});
    this.active = room;
    this.keepRooms();
    this.attend();
    this.schedule();
  }

  keepRooms() {
    this.shelf.open = this.rooms.map(({name}) => name);
    if (this.active) this.shelf.visit(this.active.name, Date.now(), null);
  }

  /** Tells the rooms which of them is looked at. */
  attend() {
    const looks = document.visibilityState === 'visible' && document.hasFocus();
    for (const room of this.rooms) room.dispatch({type: 'attending', attending: looks && room === this.active});
  }

  // ---- drawing

  /** One drawing for all that happens before the next frame. */
  schedule() {
    this.frame ||= requestAnimationFrame(() => this.draw());
    // A page that nobody sees has no frames, but a title.
    if (document.visibilityState === 'hidden') this.hidden ||= window.setTimeout(() => this.draw(), 200);
  }

  draw() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.hidden);
    this.frame = 0;
    this.hidden = 0;
    if (!this.active) return;
    const tabs = this.rooms.map((room) => ({
      room: room.name,
      unseen: room.state.log.unseen,
      mentioned: room.state.mentioned,
      active: room === this.active,
    }));
    this.view.render(this.active.state, tabs, Date.now());
    this.keepRead(this.active);
    clearTimeout(this.clock);
    const ms = this.untilNextChange(this.active);
    if (ms !== null) this.clock = window.setTimeout(() => this.onClock(), ms);
  }

  /** @param {Room} room */
  keepRead(room) {
    const read = readUpTo(room.state);
    if (read === null || this.written.get(room.name) === `${read.epoch}:${read.seq}`) return;
    this.written.set(room.name, `${read.epoch}:${read.seq}`);
    this.shelf.visit(room.name, Date.now(), read);
  }

  /** Milliseconds until time alone changes what is shown; null when it does not. @param {Room} room */
  untilNextChange({state}) {
    const now = Date.now();
    const ends = typingEnds(state);
    const {phase, retryAt} = state.connection;
    if (phase === 'waiting' && retryAt > now) return ((retryAt - now - 1) % 1000) + 1;
    return ends === 0 ? null : Math.max(0, ends - now);
  }

  onClock() {
    this.dispatch({type: 'tick', now: Date.now()});
    this.schedule();
  }

  // ---- what people do (called by the view)

  /** @param {Event} event for the room that is shown */
  dispatch(event) {
    this.active?.dispatch(event);
    if (event.type === 'jump') this.leaveMessage();
  }

  /** The address names a message no more. */
  leaveMessage() {
    if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
  }

  /** @param {string} text @returns {Text} what is wrong with it; '' when it is on its way */
  submit(text) {
    if (this.entering) {
      this.entering.held.push(text);
      return '';
    }
    const meaning = meaningOf(text);
    switch (meaning.kind) {
      case 'say': return this.publish(withEmoji(meaning.text));
      case 'command': return this.command(meaning.name, meaning.argument);
      case 'unknown': {
        const {name, near} = meaning;
        return near === '' ? {key: 'composer.unknown', name} : {key: 'composer.unknown_near', name, near};
      }
    }
  }

  /** What was submitted while the room opened that is shown now. What cannot be sent is a draft again. @param {string[]} texts @param {string} room */
  submitLate(texts, room) {
    for (const text of texts) {
      const problem = this.submit(text);
      if (problem !== '') this.view.composer.giveBack(room, meaningOf(text).kind === 'command' ? '' : text, problem);
    }
  }

  /** What was said while a room opened that was left meanwhile; nobody waits for its commands any more. @param {string[]} texts @param {Room} room */
  publishLate(texts, room) {
    for (const text of texts) {
      const meaning = meaningOf(text);
      const problem = meaning.kind === 'say' ? this.publishIn(room, withEmoji(meaning.text)) : '';
      if (problem !== '') this.view.composer.giveBack(room.name, text, problem);
    }
  }

  /** @param {string} text @returns {Text} */
  publish(text) {
    if (!this.active) return '';
    const problem = this.publishIn(this.active, text);
    if (problem === '') this.dispatch({type: 'jump'});
    return problem;
  }

  /** @param {Room} room @param {string} text @returns {Text} */
  publishIn(room, text) {
    const bytes = bytesOver(room.state, text);
    if (bytes > 0) return {key: 'composer.bytes', bytes};
    room.dispatch({type: 'submit', text, now: Date.now()});
    return '';
  }

  /** @param {string} name @param {string} argument @returns {Text} what is wrong with it */
  command(name, argument) {
    switch (name) {
      case 'help': this.dispatch({type: 'notice', text: HELP}); return '';
      case 'nick': return argument === '' ? 'name.needed' : this.rename(argument);
      case 'me': return 'me.needed';
      case 'join': return this.join(argument);
      case 'part': return this.rooms.length < 2 ? 'rooms.last' : this.part(this.active?.name ?? '');
      case 'rooms': void this.view.openRooms(); return '';
      case 'who': this.view.showPeople(); return '';
      case 'history': return this.view.showOlder();
      case 'search': this.view.openSearch(argument); return '';
      case 'ignore': return this.ignore(argument);
      case 'clear': this.dispatch({type: 'clear'}); return '';
      case 'quit': this.quit(); return '';
    }
    return '';
  }

  /** @param {string} given @returns {Text} what is wrong with it; '' when it was taken */
  rename(given) {
    const {name, why} = checkName(given);
    if (name === undefined) return why;
    this.dispatch({type: 'rename', name});
    return '';
  }

  /** @param {string} given @returns {Text} what is wrong with it */
  join(given) {
    const {name, why} = checkRoom(given);
    if (name === undefined) return why;
    if (name !== this.heading) {
      history.pushState(null, '', roomAddress(name));
      void this.enter(name);
    }
    return '';
  }

  /** @param {string} name @returns {Text} what is wrong with it */
  part(name) {
    const at = this.rooms.findIndex((room) => room.name === name);
    if (at < 0 || this.rooms.length < 2) return '';
    const [room] = this.rooms.splice(at, 1);
    room.leave();
    if (room === this.active) this.join(this.rooms[Math.max(0, at - 1)].name);
    this.keepRooms();
    this.schedule();
    return '';
  }

  /** Leaves all rooms, for the page that picks one. The connections end with this page. */
  quit() {
    this.rooms = [];
    this.keepRooms();
    location.assign('../');
  }

  /**
   * Shows the next open room, or the next with something unread; round at the ends.
   * @param {1 | -1} step @param {boolean} unread @returns {boolean} whether there is one
   */
  step(step, unread) {
    const {rooms} = this;
    const at = rooms.findIndex((room) => room === this.active);
    for (let i = 1; i < rooms.length; ++i) {
      const {name, state} = rooms[(at + step * i + rooms.length) % rooms.length];
      if (unread && state.log.unseen === 0) continue;
      this.join(name);
      return true;
    }
    return false;
  }

  /** Hides what `given` writes, or shows it again. @param {string} given @returns {Text} */
  ignore(given) {
    const names = this.shelf.ignored;
    if (given === '') {
      this.dispatch({type: 'notice', text: names.length === 0 ? 'ignore.nobody' : {key: 'ignore.list', names: names.join(', ')}});
      return '';
    }
    if (this.active && folded(given) === folded(this.active.state.me.name)) return 'ignore.self';
    const others = names.filter((name) => folded(name) !== folded(given));
    const hides = others.length === names.length;
    const next = hides ? [...names, given] : others;
    this.shelf.ignored = next;
    for (const room of this.opened.values()) room.dispatch({type: 'ignored', names: next});
    this.dispatch({type: 'notice', text: {key: hides ? 'ignore.on' : 'ignore.off', name: given}});
    return '';
  }

  /** What can be completed. */
  known() {
    const names = this.active ? namesIn(this.active.state) : [];
    return {names, rooms: this.recent()};
  }

  recent() {
    return this.shelf.visits().map(({room}) => room).filter((room) => room !== this.active?.name);
  }

  /** The rooms of this server, the fullest first; null when it does not say. */
  async listRooms() {
    try {
      const answer = await fetch('../api/rooms');
      const {rooms} = await answer.json();
      const listed = rooms.filter((/** @type {any} */ one) => typeof one?.room === 'string' && Number.isInteger(one.members));
      listed.sort((/** @type {any} */ a, /** @type {any} */ b) => b.members - a.members || a.room.localeCompare(b.room));
      return listed.slice(0, MOST_LISTED);
    } catch {
      return null;
    }
  }

  typed() {
    if (!this.entering) this.dispatch({type: 'typed', now: Date.now()});
  }

  /** @param {number} n */
  retry(n) {
    this.dispatch({type: 'retry', n, now: Date.now()});
  }

  reconnect() {
    this.active?.connect();
  }

  // ---- notifications

  /** @param {boolean} on */
  async notify(on) {
    const allowed = on && (await Notification.requestPermission()) === 'granted';
    this.shelf.notifies = allowed;
    this.view.people.notify.checked = allowed;
    if (on && !allowed) this.dispatch({type: 'notice', text: 'notify.denied'});
  }

  /** @param {Room} room @param {string} who @param {string} text */
  notifyOf(room, who, text) {
    if (!this.shelf.notifies || !('Notification' in window) || Notification.permission !== 'granted') return;
    const body = text.slice(0, SHOWN_IN_NOTICE);
    const note = new Notification(`${who} · ${room.name}`, {body, tag: `chat ${room.name}`, icon: '../assets/favicon.svg'});
    note.onclick = () => {
      window.focus();
      this.join(room.name);
      note.close();
    };
  }

  showNotify() {
    const {notify} = this.view.people;
    const can = 'Notification' in window && window.isSecureContext;
    /** @type {HTMLElement} */ (notify.closest('label')).hidden = !can;
    notify.checked = can && this.shelf.notifies && Notification.permission === 'granted';
  }

  // ---- the world around

  /** Goes to the message that the address names. @param {string} hash */
  open(hash) {
    const cursor = readCursor(decoded(hash.slice(1)));
    if (cursor) this.dispatch({type: 'open', cursor});
  }

  /** Back, forward, or another message of this room. */
  async onAddress() {
    const {name} = checkRoom(roomOfPath(location.pathname));
    if (name !== undefined && name !== this.heading) await this.enter(name);
    else if (this.entering) await this.opening.get(this.entering.name);
    if (name === this.active?.name) this.open(location.hash);
  }

  listen() {
    const wake = () => this.rooms.forEach((room) => room.wake());
    window.addEventListener('online', () => {
      for (const room of this.rooms) room.dispatch({type: 'online', online: true});
      wake();
    });
    window.addEventListener('offline', () => this.rooms.forEach((room) => room.dispatch({type: 'online', online: false})));
    document.addEventListener('visibilitychange', () => {
      // Who comes back to a page that could not be seen comes back to the room.
      if (document.visibilityState === 'visible') this.active?.dispatch({type: 'enter'});
      this.attend();
      if (document.visibilityState === 'visible') wake();
    });
    window.addEventListener('focus', () => this.attend());
    window.addEventListener('blur', () => this.attend());
    window.addEventListener('popstate', () => void this.onAddress());
  }

  /** @param {string} name */
  async start(name) {
    this.listen();
    this.showNotify();
    const order = this.shelf.open.filter((other) => checkRoom(other).name === other);
    await this.enter(name);
    this.open(location.hash);
    if (!order.includes(name)) order.push(name);
    for (const other of order) {
      if (!this.opened.has(other)) await this.roomOf(other);
    }
    this.rooms.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    this.keepRooms();
    this.attend();
    this.schedule();
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

const {language, locale} = languageFor(navigator.languages);
const how = {language, locale, say: sayIn(language, locale)};
const {name: room, why} = checkRoom(roomOfPath(location.pathname));
if (room === undefined) View.refuse(why, how.say, language);
else void new App(how).start(room);
