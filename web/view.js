// @ts-check
// A state as DOM: the head, the foot, and the views of their own for what has many parts.

import {Composer} from './composer.js';
import {find, localize, setText} from './dom.js';
import {LogView} from './log_view.js';
import {wordsIn} from './message_view.js';
import {PeopleView} from './people_view.js';
import {RoomsView} from './rooms_view.js';
import {SearchView} from './search_view.js';
import {isolated} from './texts.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./texts.js').Say} Say
 * @typedef {import('./texts.js').Text} Text
 * @typedef {import('./rooms_view.js').Tab} Tab
 *
 * @typedef {{
 *   submit: (text: string) => Text,
 *   rename: (name: string) => Text,
 *   retry: (n: number) => void,
 *   typed: () => void,
 *   known: () => {names: readonly string[], rooms: readonly string[]},
 *   reconnect: () => void,
 *   open: (hash: string) => void,
 *   notify: (on: boolean) => void,
 *   join: (room: string) => Text,
 *   part: (room: string) => void,
 *   step: (step: 1 | -1, unread: boolean) => boolean,
 *   recent: () => string[],
 *   listRooms: () => Promise<import('./rooms_view.js').Listed[] | null>,
 *   dispatch: (event: import('./store.js').Event) => void,
 * }} Actions
 */

const MOST_IN_ICON = 9;

/** @param {State} state @param {Say} say */
function statusText({connection, pending}, say) {
  const waiting = pending.filter((one) => one.status === 'queued').length;
  const kept = waiting === 0 ? '' : ` ${say('status.queued', {count: waiting})}`;
  switch (connection.phase) {
    case 'connected': return say('status.connected');
    case 'connecting': return say('status.connecting');
    case 'waiting': return say(connection.online ? connection.why : 'status.offline') + kept;
    case 'closed': return say(connection.why);
  }
}

/** @param {string[]} names @param {Say} say */
function typingText(names, say) {
  if (names.length === 0) return '';
  if (names.length > 3) return say('typing.many');
  return say({key: 'typing.some', count: names.length, names: names.map(isolated).join(', ')});
}

export class View {
  /** @param {Actions} actions @param {{say: Say, language: string, locale: string}} how */
  constructor(actions, {say, language, locale}) {
    localize(say, language);
    this.actions = actions;
    this.say = say;
    const leave = () => this.composer.focus();
    this.composer = new Composer(actions, say);
    this.log = new LogView({...pick(actions), leaveLog: leave}, wordsIn(say, locale));
    this.people = new PeopleView({...peopleActions(actions), leavePeople: leave}, say);
    this.rooms = new RoomsView(actions, say);
    this.search = new SearchView({dispatch: (event) => actions.dispatch(event), leaveSearch: leave}, say);
    this.icon = /** @type {HTMLLinkElement} */ (find('icon'));
    /** @type {State | null} */
    this.shown = null;
    /** Where one was in the rooms that are not shown. @type {Map<string, import('./log_view.js').Place>} */
    this.left = new Map();
    this.listen();
    this.composer.focus();
  }

  /** The page of something that is no room. @param {Text} why @param {Say} say @param {string} language */
  static refuse(why, say, language) {
    localize(say, language);
    document.body.dataset.phase = 'closed';
    for (const id of ['composer', 'people', 'people-toggle', 'search-open', 'rooms-open']) find(id)?.remove();
    setText(find('status-text'), say(why));
  }

  listen() {
    const {actions} = this;
    find('try-now').addEventListener('click', () => actions.reconnect());
    find('jump').addEventListener('click', () => {
      actions.dispatch({type: 'jump'});
      this.log.log.focus({preventScroll: true});
    });
    document.addEventListener('keydown', (event) => this.onKey(event), true);
    // As in other chats, Escape is done with what is unread.
    for (const node of [this.composer.input, this.log.log]) {
      node.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && !event.defaultPrevented && !event.isComposing) actions.dispatch({type: 'jump'});
      });
    }
    find('notice-close').addEventListener('click', () => {
      actions.dispatch({type: 'notice', text: ''});
      this.composer.focus();
    });
    this.log.log.addEventListener('pointerdown', () => this.people.open(false));
    this.log.log.addEventListener('click', (event) => {
      const link = /** @type {Element} */ (event.target).closest('a.at');
      // The address does not change when it is there already.
      if (link && link.getAttribute('href') === location.hash) actions.open(location.hash);
    });
  }

  /** Alt with Up and Down changes rooms, which no browser wants for itself; with Shift to one with something unread. @param {KeyboardEvent} event */
  onKey(event) {
    const {key, altKey, ctrlKey, metaKey, shiftKey} = event;
    const step = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0;
    if (step === 0 || !altKey || ctrlKey || metaKey || event.isComposing || this.rooms.dialog.open) return;
    if (!this.actions.step(step, shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** What is written from now on is for `room`, also before it is drawn. @param {string} room */
  turnTo(room) {
    this.composer.turnTo(room);
    this.composer.focus();
  }

  // ---- what commands ask for

  openRooms() {
    return this.rooms.open();
  }

  /** @returns {Text} what is wrong */
  showOlder() {
    return this.log.back();
  }

  showPeople() {
    this.people.enter();
  }

  /** @param {string} query */
  openSearch(query) {
    this.search.open(query);
  }

  // ---- drawing

  /** @param {State} state @param {Tab[]} tabs @param {number} now */
  render(state, tabs, now) {
    const before = this.shown;
    this.shown = state;
    if (before && before.room !== state.room) this.change(before, state);
    this.log.render(state);
    this.log.renderJump(state);
    this.people.render(state);
    this.search.render(state);
    this.rooms.render(tabs);
    this.renderStatus(state, now);
    this.renderTitle(state, tabs);
    setText(find('typing'), typingText([...state.typing.keys()], this.say));
    this.renderNotice(state);
  }

  /** To another room, as it was left. @param {State} before @param {State} state */
  change(before, state) {
    this.left.set(before.room, this.log.clear());
    const left = this.left.get(state.room);
    if (left) this.log.restore(left, state);
    this.people.shown = null;
    this.people.open(false);
    this.composer.focus();
  }

  /** @param {State} state */
  renderNotice({notice}) {
    const lines = Array.isArray(notice) ? notice : [notice];
    const text = lines.map((line) => this.say(line)).join('\n');
    const node = find('notice-text');
    if (node.textContent === text) return;
    node.textContent = text;
    find('notice').hidden = text === '';
    // A keyboard has to reach what has to be scrolled.
    node.toggleAttribute('tabindex', false);
    if (node.scrollHeight > node.clientHeight) node.tabIndex = 0;
  }

  /** @param {State} state @param {number} now */
  renderStatus(state, now) {
    const {phase, retryAt} = state.connection;
    document.body.dataset.phase = phase;
    setText(find('status-text'), statusText(state, this.say));
    const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
    setText(find('countdown'), phase === 'waiting' ? this.say('status.countdown', {seconds}) : '');
    const tryNow = find('try-now');
    const hide = phase !== 'waiting' && phase !== 'closed';
    if (hide && document.activeElement === tryNow) this.composer.focus();
    tryNow.hidden = hide;
  }

  /** How much is unread goes into the title and the icon. @param {State} state @param {Tab[]} tabs */
  renderTitle({room}, tabs) {
    setText(find('room-name'), room);
    const unseen = tabs.reduce((sum, tab) => sum + tab.unseen, 0);
    const title = `${unseen > 0 ? `(${unseen}) ` : ''}${room} · chat`;
    if (document.title !== title) document.title = title;
    const icon = unseen === 0 ? 'favicon' : unseen > MOST_IN_ICON ? 'unread_many' : `unread_${unseen}`;
    const href = `../assets/${icon}.svg`;
    if (this.icon.getAttribute('href') !== href) this.icon.setAttribute('href', href);
  }
}

/** @param {Actions} actions */
const pick = (actions) => ({
  retry: (/** @type {number} */ n) => actions.retry(n),
  dispatch: (/** @type {import('./store.js').Event} */ event) => actions.dispatch(event),
});

/** @param {Actions} actions */
const peopleActions = (actions) => ({
  rename: (/** @type {string} */ name) => actions.rename(name),
  notify: (/** @type {boolean} */ on) => actions.notify(on),
});
