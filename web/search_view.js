// @ts-check
// The line in which one searches what is loaded.

import {find, setText} from './dom.js';
import {hitsOf} from './reading.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {{dispatch: (event: import('./store.js').Event) => void, leaveSearch: () => void}} Actions
 */

export class SearchView {
  /** @param {Actions} actions @param {import('./texts.js').Say} say */
  constructor(actions, say) {
    this.actions = actions;
    this.say = say;
    this.form = /** @type {HTMLFormElement} */ (find('search'));
    this.input = /** @type {HTMLInputElement} */ (find('search-input'));
    /** @type {State | null} */
    this.shown = null;
    this.listen();
  }

  listen() {
    const {actions, input} = this;
    find('search-open').addEventListener('click', () => this.open(''));
    input.addEventListener('input', () => actions.dispatch({type: 'search', query: input.value}));
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      actions.dispatch({type: 'hit', step: -1});
    });
    find('search-newer').addEventListener('click', () => actions.dispatch({type: 'hit', step: 1}));
    find('search-close').addEventListener('click', () => this.close());
    this.form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      if (event.key !== 'Enter' || !event.shiftKey) return;
      event.preventDefault();
      actions.dispatch({type: 'hit', step: 1});
    });
  }

  /** Opens with `query`, at the newest match. @param {string} query */
  open(query) {
    this.input.value = query;
    this.actions.dispatch({type: 'search', query});
    if (query !== '') this.actions.dispatch({type: 'hit', step: -1});
    this.form.hidden = false;
    this.input.focus();
  }

  close() {
    this.actions.dispatch({type: 'search', query: null});
    this.form.hidden = true;
    this.actions.leaveSearch();
  }

  /** @param {State} state */
  render(state) {
    const before = this.shown;
    this.shown = state;
    this.form.hidden = state.search === null;
    if (state.search === null) return;
    if (before && before.search === state.search && before.rows === state.rows && before.spot === state.spot) return;
    if (document.activeElement !== this.input) this.input.value = state.search;
    const hits = hitsOf(state, state.search);
    const at = hits.indexOf(state.spot?.key ?? '');
    const found = hits.length === 0 ? 'search.none' : 'search.hits';
    // Counted from the newest, which is where it begins.
    const count = {at: at < 0 ? '–' : String(hits.length - at), count: hits.length};
    setText(find('search-hits'), state.search.trim() === '' ? '' : this.say(found, count));
  }
}
