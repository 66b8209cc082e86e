// @ts-check
// Where one writes: a text area that grows, a draft for each room, and suggestions for the word at its caret.

import {completionAt} from './completion.js';
import {element, find, setText} from './dom.js';

/**
 * @typedef {import('./texts.js').Text} Text
 * @typedef {{
 *   submit: (text: string) => Text,
 *   typed: () => void,
 *   known: () => {names: readonly string[], rooms: readonly string[]},
 * }} Actions
 */

const MAX_INPUT_ROWS = 6;

export class Composer {
  /** @param {Actions} actions @param {import('./texts.js').Say} say */
  constructor(actions, say) {
    this.actions = actions;
    this.say = say;
    this.input = /** @type {HTMLTextAreaElement} */ (find('chat-message-input'));
    this.list = find('suggestions');
    /** The room that it is written for; null before the first one. @type {string | null} */
    this.room = null;
    /** What is half-written for the others. @type {Map<string, string>} */
    this.drafts = new Map();
    /** @type {import('./completion.js').Completion | null} */
    this.completion = null;
    this.chosen = -1;
    this.listen();
  }

  listen() {
    const {input} = this;
    find('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener('keydown', (event) => this.onKey(event));
    input.addEventListener('input', () => this.onInput());
    input.addEventListener('blur', () => this.offer(null));
    // A press must not take the focus from the input.
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => {
      const at = [...this.list.children].findIndex((node) => node.contains(/** @type {Node} */ (event.target)));
      if (at >= 0) this.take(at);
    });
  }

  focus() {
    this.input.focus();
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.size();
    this.offer(null);
    setText(find('composer-problem'), '');
  }

  /** What is written from now on is for `room`. @param {string} room */
  turnTo(room) {
    if (room === this.room) return;
    const draft = this.drafts.get(room) ?? '';
    this.drafts.delete(room);
    if (this.room !== null) {
      if (this.text !== '') this.drafts.set(this.room, this.text);
      this.text = draft;
    }
    this.room = room;
  }

  /** Text that could not be sent after all is a draft again, behind what is in it. @param {string} room @param {string} text @param {Text} problem */
  giveBack(room, text, problem) {
    const draft = room === this.room ? this.text : this.drafts.get(room) ?? '';
    const joined = [draft, text].filter((part) => part !== '').join('\n');
    if (room !== this.room) {
      this.drafts.set(room, joined);
      return;
    }
    this.text = joined;
    setText(find('composer-problem'), this.say(problem));
  }

  submit() {
    const {room, text} = this;
    const problem = this.actions.submit(text);
    // What was submitted may have led to another room.
    if (room !== null && room !== this.room) {
      this.drafts.delete(room);
      return;
    }
    setText(find('composer-problem'), this.say(problem));
    if (problem !== '' || text.trim() === '') return;
    this.text = '';
  }

  onInput() {
    const {input} = this;
    this.size();
    setText(find('composer-problem'), '');
    this.offer(completionAt(input.value, input.selectionStart, this.actions.known()));
    const command = /^\/(?!\/|me\s)/.test(input.value);
    if (input.value.trim() !== '' && !command) this.actions.typed();
  }

  size() {
    this.input.rows = Math.max(1, this.text.split('\n', MAX_INPUT_ROWS).length);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    // 229: what Safari says for the Enter that ends a composition.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.completion && this.onSuggestionKey(event.key, event.shiftKey)) {
      event.preventDefault();
      return;
    }
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    this.submit();
  }

  // ---- suggestions

  /** Whether `key` was meant for the suggestions. @param {string} key @param {boolean} shift */
  onSuggestionKey(key, shift) {
    const count = this.completion?.options.length ?? 0;
    switch (key) {
      case 'ArrowDown': this.choose((this.chosen + 1) % count); return true;
      case 'ArrowUp': this.choose(this.chosen <= 0 ? count - 1 : this.chosen - 1); return true;
      case 'Escape': this.offer(null); return true;
      case 'Enter':
        if (shift || this.chosen < 0) return false;
        this.take(this.chosen);
        return true;
      case 'Tab':
        if (shift) return false;
        this.take(Math.max(0, this.chosen));
        return true;
      default: return false;
    }
  }

  /** @param {import('./completion.js').Completion | null} completion */
  offer(completion) {
    this.completion = completion;
    this.chosen = -1;
    this.list.hidden = completion === null;
    this.input.removeAttribute('aria-activedescendant');
    this.list.replaceChildren(...(completion?.options ?? []).map(({label}, at) => {
      const node = element('li', '', element('bdi', '', label));
      node.id = `suggestion-${at}`;
      node.role = 'option';
      node.ariaSelected = 'false';
      return node;
    }));
  }

  /** @param {number} at */
  choose(at) {
    this.chosen = at;
    [...this.list.children].forEach((node, index) => (node.ariaSelected = String(index === at)));
    this.input.setAttribute('aria-activedescendant', `suggestion-${at}`);
    this.list.children[at]?.scrollIntoView({block: 'nearest'});
  }

  /** Puts a suggestion in the place of the half-written word. @param {number} at */
  take(at) {
    const {completion, input} = this;
    if (!completion) return;
    input.setRangeText(completion.options[at].insert, completion.from, input.selectionStart, 'end');
    this.onInput();
    if (this.completion?.options.length === 1) this.offer(null);
  }
}
