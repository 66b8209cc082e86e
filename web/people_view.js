// @ts-check
// Who is here, and what they call themselves.

import {element, find, setText} from './dom.js';
import {avatarOf, nameOf} from './message_view.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./texts.js').Text} Text
 * @typedef {{
 *   rename: (name: string) => Text,
 *   notify: (on: boolean) => void,
 *   leavePeople: () => void,
 * }} Actions
 */

export class PeopleView {
  /** @param {Actions} actions @param {import('./texts.js').Say} say */
  constructor(actions, say) {
    this.actions = actions;
    this.say = say;
    this.people = find('people');
    this.toggle = find('people-toggle');
    this.name = /** @type {HTMLInputElement} */ (find('chat-name'));
    this.notify = /** @type {HTMLInputElement} */ (find('notify'));
    /** @type {State | null} */
    this.shown = null;
    this.listen();
  }

  listen() {
    find('name-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.rename();
    });
    this.name.addEventListener('input', () => this.showProblem(''));
    this.notify.addEventListener('change', () => this.actions.notify(this.notify.checked));
    this.toggle.addEventListener('click', () => {
      if (this.isOpen) this.open(false);
      else this.enter();
    });
    this.people.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.isOpen) return;
      this.open(false);
      this.toggle.focus();
    });
  }

  get isOpen() {
    return this.toggle.ariaExpanded === 'true';
  }

  /** @param {boolean} open */
  open(open) {
    this.toggle.ariaExpanded = String(open);
    this.people.classList.toggle('open', open);
  }

  /** Shows who is here, and goes there. */
  enter() {
    this.open(true);
    this.people.focus({preventScroll: true});
  }

  rename() {
    const problem = this.actions.rename(this.name.value);
    this.showProblem(problem);
    if (problem !== '') return;
    if (this.isOpen) this.open(false);
    this.actions.leavePeople();
  }

  /** @param {Text} problem */
  showProblem(problem) {
    setText(find('name-problem'), this.say(problem));
    this.name.ariaInvalid = problem === '' ? 'false' : 'true';
  }

  /** @param {State} state */
  render(state) {
    const before = this.shown;
    this.shown = state;
    if (before && before.members === state.members && before.count === state.count && before.me === state.me) {
      if (before.typing !== state.typing) this.renderTyping(state);
      return;
    }
    this.renderAll(state);
    this.renderTyping(state);
  }

  /** @param {State} state */
  renderAll({members, count, me}) {
    const {say} = this;
    setText(find('people-count'), String(count));
    setText(find('people-heading'), say('people.here', {count}));
    const names = members.filter((name) => name !== me.name).sort((a, b) => a.localeCompare(b));
    if (me.name !== '' && count > 0) names.unshift(me.name);
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map(names.map((name) => [name, this.rowOf(name, name === me.name)]));
    const rest = count - names.length;
    const others = rest > 0 ? [element('li', 'rest', say('people.others', {count: rest}))] : [];
    find('people-list').replaceChildren(...this.rows.values(), ...others);
    if (document.activeElement !== this.name) this.name.value = me.wish || me.name;
  }

  /** @param {string} name @param {boolean} mine */
  rowOf(name, mine) {
    const avatar = avatarOf(name);
    avatar.classList.add('people-avatar');
    const label = element('span', '', nameOf(name));
    if (mine) label.append(' ', element('span', 'you', this.say('people.you')));
    return element('li', '', avatar, label);
  }

  /** @param {State} state */
  renderTyping({typing}) {
    for (const [name, row] of this.rows ?? []) {
      const mark = row.querySelector('.writes');
      if (typing.has(name) && !mark) row.append(element('span', 'writes', this.say('people.typing')));
      if (!typing.has(name)) mark?.remove();
    }
  }
}
