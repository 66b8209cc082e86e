// @ts-check
// The rooms that are open here, as tabs, and the dialog that leads to others.

import {element, find, setText} from './dom.js';
import {checkRoom} from './protocol.js';

/**
 * @typedef {import('./texts.js').Say} Say
 * @typedef {{room: string, unseen: number, mentioned: number, active: boolean}} Tab
 * @typedef {{room: string, members: number}} Listed
 * @typedef {{
 *   join: (room: string) => import('./texts.js').Text,
 *   part: (room: string) => void,
 *   recent: () => string[],
 *   listRooms: () => Promise<Listed[] | null>,
 * }} Actions
 */

const MOST_RECENT = 8;

/** Where a room's page is, seen from another room's. @param {string} room */
export const roomAddress = (room) => `../${encodeURIComponent(room)}/`;

export class RoomsView {
  /** @param {Actions} actions @param {Say} say */
  constructor(actions, say) {
    this.actions = actions;
    this.say = say;
    this.tabs = find('tabs');
    this.dialog = /** @type {HTMLDialogElement} */ (find('rooms'));
    this.input = /** @type {HTMLInputElement} */ (find('room-name-input'));
    this.drawn = '';
    this.listen();
  }

  listen() {
    find('rooms-open').addEventListener('click', () => void this.open());
    find('rooms-close').addEventListener('click', () => this.dialog.close());
    find('room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.enter(this.input.value.trim());
    });
    this.input.addEventListener('input', () => this.showProblem(''));
    for (const list of [this.tabs, this.dialog]) list.addEventListener('click', (event) => this.onClick(event));
  }

  /** A plain click on a room's link stays in this page. @param {MouseEvent} event */
  onClick(event) {
    const target = /** @type {Element} */ (event.target);
    const left = /** @type {HTMLElement | null} */ (target.closest('[data-leave]'))?.dataset.leave;
    if (left !== undefined) this.actions.part(left);
    const room = /** @type {HTMLElement | null} */ (target.closest('a[data-room]'))?.dataset.room;
    if (room === undefined || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.enter(room);
  }

  /** @param {string} given */
  enter(given) {
    const {name, why} = checkRoom(given);
    if (name === undefined) {
      this.showProblem(why);
      this.input.focus();
      return;
    }
    this.dialog.close();
    this.actions.join(name);
  }

  /** @param {import('./texts.js').Text} problem */
  showProblem(problem) {
    setText(find('room-problem'), this.say(problem));
    this.input.ariaInvalid = problem === '' ? 'false' : 'true';
  }

  /** Opens the dialog; what the server has comes when it has answered. */
  async open() {
    this.showProblem('');
    this.input.value = '';
    this.showRooms('recent', this.actions.recent().slice(0, MOST_RECENT).map((room) => ({room, members: -1})));
    this.showRooms('listed', []);
    setText(find('listed-none'), '');
    this.dialog.showModal();
    this.input.focus();
    const listed = await this.actions.listRooms();
    this.showRooms('listed', listed ?? []);
    const none = listed === null ? 'rooms.unreachable' : 'rooms.none';
    setText(find('listed-none'), listed?.length ? '' : this.say(none));
  }

  /** @param {'recent' | 'listed'} id @param {Listed[]} rooms */
  showRooms(id, rooms) {
    find(`${id}-rooms`).hidden = id === 'recent' && rooms.length === 0;
    find(`${id}-list`).replaceChildren(...rooms.map(({room, members}) => {
      const link = element('a', '', element('bdi', '', room));
      link.href = roomAddress(room);
      link.dataset.room = room;
      const people = members < 0 ? [] : [element('span', 'hint', this.say('rooms.people', {count: members}))];
      return element('li', '', link, ' ', ...people);
    }));
  }

  /** @param {Tab[]} tabs */
  render(tabs) {
    const all = JSON.stringify(tabs);
    if (all === this.drawn) return;
    this.drawn = all;
    this.tabs.hidden = tabs.length < 2;
    const held = /** @type {HTMLElement | null} */ (document.activeElement?.closest('#tabs [data-room]'))?.dataset.room;
    find('tab-list').replaceChildren(...tabs.map((tab) => this.tabOf(tab)));
    const links = /** @type {HTMLElement[]} */ ([...this.tabs.querySelectorAll('a')]);
    links.find(({dataset}) => dataset.room === held)?.focus();
    links.find(({ariaCurrent}) => ariaCurrent === 'page')?.scrollIntoView({block: 'nearest', inline: 'nearest'});
  }

  /** @param {Tab} tab */
  tabOf({room, unseen, mentioned, active}) {
    const link = element('a', '', element('bdi', '', room));
    link.href = roomAddress(room);
    link.dataset.room = room;
    if (active) link.ariaCurrent = 'page';
    if (unseen > 0) link.append(' ', this.badgeOf(unseen, mentioned > 0));
    const leave = element('button', 'leave', '×');
    leave.type = 'button';
    leave.dataset.leave = room;
    leave.ariaLabel = this.say('rooms.leave', {room});
    return element('li', active ? 'tab active' : 'tab', link, leave);
  }

  /** @param {number} count @param {boolean} mentioned */
  badgeOf(count, mentioned) {
    const number = element('span', '', count > 99 ? '99+' : String(count));
    number.setAttribute('aria-hidden', 'true');
    const spoken = element('span', 'unseen', this.say('rooms.unread', {count}));
    return element('span', mentioned ? 'badge mention' : 'badge', number, spoken);
  }
}
