// @ts-check
// The state as DOM. Strangers' text only ever becomes textContent. Rows are drawn once and kept by key.

import {firstSeq} from './timeline.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./timeline.js').MessageRow} MessageRow
 * @typedef {import('./store.js').Pending} Pending
 *
 * @typedef {{kind: 'message', key: string, row: MessageRow, follows: boolean}
 *   | {kind: 'pending', key: string, pending: Pending, follows: boolean}
 *   | {kind: 'gap', key: string, why: 'trimmed' | 'replaced'}
 *   | {kind: 'day', key: string, at: number}
 *   | {kind: 'older' | 'newer', key: string}} Item
 *
 * @typedef {{
 *   submit: (text: string) => string,
 *   rename: (name: string) => string,
 *   retry: (n: number) => void,
 *   typed: () => void,
 *   reconnect: () => void,
 *   dispatch: (event: import('./store.js').Event) => void,
 * }} Actions
 */

const TOGETHER_MS = 5 * 60_000;
const AT_END_PX = 48;
const SHOWN_CHARACTERS = 20_000;
const MAX_INPUT_ROWS = 6;
const HUES = 8;

const timeFormat = new Intl.DateTimeFormat(undefined, {timeStyle: 'short'});
const fullFormat = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'medium'});
const dayFormat = new Intl.DateTimeFormat(undefined, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'});

const GAPS = {
  trimmed: 'Some messages are missing here: they were removed before this page came back.',
  replaced: 'The server’s history begins anew here. Messages sent in between may be missing.',
};

// ---- what is to be seen

/** @param {number} at */
const dayOf = (at) => new Date(at).toDateString();

/**
 * The rows of the page, top to bottom.
 * @param {State} state
 * @returns {Item[]}
 */
export function itemsOf({rows, log, pending, me}) {
  /** @type {Item[]} */
  const items = [];
  /** @type {{name: string, at: number} | null} */
  let above = null;
  rows.forEach((row, index) => {
    if (index === log.start && log.older) items.push({kind: 'older', key: 'older'});
    if (row.kind === 'gap') {
      items.push(row);
      above = null;
      return;
    }
    if (!above || dayOf(above.at) !== dayOf(row.at)) {
      items.push({kind: 'day', key: `day ${row.key}`, at: row.at});
      above = null;
    }
    items.push({kind: 'message', key: row.key, row, follows: isTogether(above, row)});
    above = row;
  });
  if (log.detached) items.push({kind: 'newer', key: 'newer'});
  for (const one of pending) {
    const mine = {name: me.name, at: one.at};
    items.push({kind: 'pending', key: `pending ${one.n}`, pending: one, follows: isTogether(above, mine)});
    above = mine;
  }
  return items;
}

/**
 * True when `after` has more history than `before`, or another one: only what comes in at the end is news.
 * @param {State | null} before @param {State} after
 */
function addsHistory(before, after) {
  if (before === null || before.log.wanted || before.log.detached) return true;
  if (before.log.section !== after.log.section) return true;
  const [was, is] = [firstSeq(before), firstSeq(after)];
  return was >= 0 && is >= 0 && is < was;
}

/** @param {{name: string, at: number} | null} above @param {{name: string, at: number}} row */
function isTogether(above, row) {
  return above !== null && above.name === row.name && Math.abs(row.at - above.at) < TOGETHER_MS;
}

/** A number below HUES that a name always has. @param {string} name */
function hueOf(name) {
  let hash = 7;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 13) % HUES;
}

/** @param {string} name */
function initialOf(name) {
  const [first] = name.normalize('NFC').replace(/[^\p{L}\p{N}]/gu, '');
  return (first ?? '•').toLocaleUpperCase();
}

/** @param {number} count @param {string} one @param {string} many */
const counted = (count, one, many) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** @param {State} state */
function statusText({connection, pending}) {
  const waiting = pending.filter((one) => one.status === 'queued').length;
  const kept = waiting === 0 ? '' : ` ${counted(waiting, 'message waits', 'messages wait')} here to be sent.`;
  switch (connection.phase) {
    case 'connected': return 'Connected';
    case 'connecting': return 'Connecting…';
    case 'waiting': return (connection.online ? connection.why : 'You are offline.') + kept;
    case 'closed': return connection.why;
  }
}

/** @param {string[]} names */
function typingText(names) {
  if (names.length === 0) return '';
  if (names.length > 3) return 'Several people are typing…';
  return `${names.map((name) => `\u2068${name}\u2069`).join(', ')} ${names.length === 1 ? 'is' : 'are'} typing…`;
}

// ---- small DOM

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** @param {string} label @param {string} className @param {() => void} onClick */
function button(label, className, onClick) {
  const node = element('button', className, label);
  node.type = 'button';
  node.addEventListener('click', onClick);
  return node;
}

/** Writes only what differs, so that nothing is announced or laid out for nothing. @param {Node} node @param {string} text */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {number} at @returns {HTMLElement} */
function timeOf(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return element('span', '');
  const node = element('time', '', timeFormat.format(date));
  node.dateTime = date.toISOString();
  node.title = fullFormat.format(date);
  return node;
}

/** @param {string} text */
function textOf(text) {
  const node = element('div', 'text');
  node.dir = 'auto';
  if (text === '') {
    node.append(element('span', 'empty', '(empty message)'));
    return node;
  }
  node.append(text.slice(0, SHOWN_CHARACTERS));
  if (text.length <= SHOWN_CHARACTERS) return node;
  node.append('… ');
  const more = button(`Show all ${text.length.toLocaleString('en')} characters`, 'link', () => {
    node.textContent = text;
  });
  node.append(more);
  return node;
}

/** @param {string} name */
function avatarOf(name) {
  const node = element('span', `avatar hue-${hueOf(name)}`, initialOf(name));
  node.setAttribute('aria-hidden', 'true');
  return node;
}

/** @param {string} name @param {number} at @param {boolean} mine @param {string} text */
function messageNode(name, at, mine, text) {
  const author = element('bdi', 'name', name);
  const meta = element('div', 'meta', author, ' ', ...(mine ? [element('span', 'you', '(you)'), ' '] : []), timeOf(at));
  return element('div', mine ? 'message mine' : 'message', avatarOf(name), meta, textOf(text));
}

/** @param {number} at */
function dayNode(at) {
  const date = new Date(at);
  return element('div', 'day', Number.isNaN(date.getTime()) ? '' : dayFormat.format(date));
}

// ---- the page

export class View {
  /** @param {Document} document @param {Actions} actions */
  constructor(document, actions) {
    /** @param {string} id */
    const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
    this.document = document;
    this.actions = actions;
    this.log = find('chat-log');
    this.list = find('rows');
    this.input = /** @type {HTMLTextAreaElement} */ (find('chat-message-input'));
    this.name = /** @type {HTMLInputElement} */ (find('chat-name'));
    this.people = find('people');
    this.toggle = find('people-toggle');
    this.find = find;
    /** @type {Map<string, {item: Item, node: HTMLElement}>} */
    this.nodes = new Map();
    /** @type {State | null} */
    this.shown = null;
    /** @type {Set<Element>} */
    this.inSight = new Set();
    this.silence = 0;
    this.sight = new IntersectionObserver((entries) => this.onSight(entries), {root: this.log, rootMargin: '300px'});
    this.listen();
    this.input.focus();
  }

  /** The page of something that is no room. @param {Document} document @param {string} why */
  static refuse(document, why) {
    document.body.dataset.phase = 'closed';
    for (const id of ['composer', 'people', 'people-toggle']) document.getElementById(id)?.remove();
    const status = document.getElementById('status-text');
    if (status) status.textContent = why;
  }

  listen() {
    const {actions, find, input} = this;
    find('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener('keydown', (event) => {
      // 229: what Safari says for the Enter that ends a composition.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    });
    input.addEventListener('input', () => {
      this.sizeInput();
      setText(find('composer-problem'), '');
      if (input.value.trim() !== '') actions.typed();
    });
    find('name-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.rename();
    });
    this.name.addEventListener('input', () => this.showNameProblem(''));
    find('try-now').addEventListener('click', () => actions.reconnect());
    find('jump').addEventListener('click', () => {
      actions.dispatch({type: 'jump'});
      this.log.focus({preventScroll: true});
    });
    find('notice-close').addEventListener('click', () => {
      actions.dispatch({type: 'notice', text: ''});
      input.focus();
    });
    this.toggle.addEventListener('click', () => {
      const open = this.toggle.ariaExpanded !== 'true';
      this.showPeople(open);
      if (open) this.people.focus({preventScroll: true});
    });
    this.people.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.toggle.ariaExpanded !== 'true') return;
      this.showPeople(false);
      this.toggle.focus();
    });
    this.log.addEventListener('pointerdown', () => this.showPeople(false));
    this.log.addEventListener('scroll', () => this.onScroll(), {passive: true});
    new ResizeObserver(() => this.stayAtEnd()).observe(this.log);
  }

  submit() {
    const problem = this.actions.submit(this.input.value);
    setText(this.find('composer-problem'), problem);
    if (problem !== '' || this.input.value.trim() === '') return;
    this.input.value = '';
    this.sizeInput();
    this.input.focus();
  }

  rename() {
    const problem = this.actions.rename(this.name.value);
    this.showNameProblem(problem);
    if (problem !== '') return;
    if (this.toggle.ariaExpanded === 'true') this.showPeople(false);
    this.input.focus();
  }

  /** @param {string} problem */
  showNameProblem(problem) {
    setText(this.find('name-problem'), problem);
    this.name.ariaInvalid = problem === '' ? 'false' : 'true';
  }

  /** @param {boolean} open */
  showPeople(open) {
    this.toggle.ariaExpanded = String(open);
    this.people.classList.toggle('open', open);
  }

  sizeInput() {
    const lines = this.input.value.split('\n', MAX_INPUT_ROWS).length;
    this.input.rows = Math.max(1, lines);
  }

  // ---- scrolling

  atEnd() {
    const {scrollHeight, scrollTop, clientHeight} = this.log;
    return scrollHeight - scrollTop - clientHeight < AT_END_PX;
  }

  onScroll() {
    const following = this.atEnd();
    if (this.shown && following !== this.shown.following) this.actions.dispatch({type: 'following', following});
  }

  stayAtEnd() {
    if (this.shown?.following && !this.shown.log.detached) this.log.scrollTop = this.log.scrollHeight;
  }

  /** The row at the top edge of what is seen. @returns {HTMLElement | null} */
  topRow() {
    const rows = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children);
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].offsetTop + rows[middle].offsetHeight <= this.log.scrollTop) low = middle + 1;
      else high = middle;
    }
    const top = rows[low] ?? null;
    return top?.classList.contains('reader') ? /** @type {HTMLElement | null} */ (top.nextElementSibling) : top;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  onSight(entries) {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting) this.inSight.add(target);
      else this.inSight.delete(target);
    }
    this.readOn();
  }

  /** Reads more history where its end is in sight. */
  readOn() {
    const {shown} = this;
    if (!shown || shown.reading || shown.connection.phase !== 'connected') return;
    for (const kind of /** @type {const} */ (['older', 'newer'])) {
      const node = this.nodes.get(kind)?.node;
      if (node && this.inSight.has(node)) this.actions.dispatch({type: kind});
    }
  }

  // ---- drawing

  /** @param {State} state @param {number} now */
  render(state, now) {
    const before = this.shown;
    this.shown = state;
    if (!before || before.rows !== state.rows || before.pending !== state.pending || before.log !== state.log ||
        before.me !== state.me) {
      this.renderLog(state, before);
    }
    if (state.following !== before?.following) this.stayAtEnd();
    this.renderStatus(state, now);
    this.renderJump(state);
    if (!before || before.members !== state.members || before.count !== state.count || before.me !== state.me) {
      this.renderPeople(state);
    }
    setText(this.find('typing'), typingText([...state.typing.keys()]));
    setText(this.find('notice-text'), state.notice);
    this.find('notice').hidden = state.notice === '';
    this.readOn();
  }

  /** @param {State} state @param {State | null} before */
  renderLog(state, before) {
    const follow = state.following && !state.log.detached;
    const anchor = follow ? null : this.topRow();
    const offset = anchor?.offsetTop ?? 0;
    this.announce(!addsHistory(before, state));
    this.place(itemsOf(state));
    this.find('empty').hidden = state.rows.length > 0 || state.pending.length > 0 || state.log.wanted;
    if (follow) this.log.scrollTop = this.log.scrollHeight;
    else if (anchor?.isConnected) this.log.scrollTop += anchor.offsetTop - offset;
  }

  /** Whether what is placed in this frame is read out. From the next frame on it is again. @param {boolean} news */
  announce(news) {
    cancelAnimationFrame(this.silence);
    this.log.ariaLive = news ? 'polite' : 'off';
    if (!news) this.silence = requestAnimationFrame(() => this.announce(true));
  }

  /** Makes the list show `items`: nodes that are there stay, by key. @param {Item[]} items */
  place(items) {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, {node}] of this.nodes) {
      if (wanted.has(key)) continue;
      this.drop(node);
      this.nodes.delete(key);
    }
    let at = this.list.firstElementChild;
    for (const item of items) {
      const old = this.nodes.get(item.key)?.node;
      const node = this.nodeFor(item);
      if (node === at) {
        at = at.nextElementSibling;
        continue;
      }
      this.list.insertBefore(node, at);
      if (!old || old === node) continue;
      if (old === at) at = at.nextElementSibling;
      this.drop(old);
    }
  }

  /** @param {HTMLElement} node */
  drop(node) {
    this.sight.unobserve(node);
    this.inSight.delete(node);
    if (node.contains(this.document.activeElement)) this.input.focus();
    node.remove();
  }

  /** The item's node: the one that is there, or a new one when what it shows has changed. @param {Item} item */
  nodeFor(item) {
    const known = this.nodes.get(item.key);
    if (known && !isChanged(known.item, item)) {
      if ('follows' in item) known.node.classList.toggle('follows', item.follows);
      return known.node;
    }
    const node = this.draw(item);
    if ('follows' in item) node.classList.toggle('follows', item.follows);
    this.nodes.set(item.key, {item, node});
    return node;
  }

  /** @param {Item} item @returns {HTMLElement} */
  draw(item) {
    switch (item.kind) {
      case 'message': {
        const {name, at, client, text} = item.row;
        const mine = client !== undefined && client === this.shown?.me.client;
        return messageNode(name, at, mine, text);
      }
      case 'pending': return this.drawPending(item.pending);
      case 'gap': return element('div', 'gap', GAPS[item.why]);
      case 'day': return dayNode(item.at);
      case 'older': return this.drawReader('older', 'Show older messages');
      case 'newer': return this.drawReader('newer', 'Show newer messages');
    }
  }

  /** @param {'older' | 'newer'} kind @param {string} label */
  drawReader(kind, label) {
    const node = element('div', 'reader', button(label, 'quiet', () => this.actions.dispatch({type: kind})));
    this.sight.observe(node);
    return node;
  }

  /** @param {Pending} pending */
  drawPending({n, text, at, status, why}) {
    const node = messageNode(this.shown?.me.name || 'you', at, true, text);
    node.classList.add(status === 'failed' ? 'failed' : 'pending');
    const meta = /** @type {HTMLElement} */ (node.querySelector('.meta'));
    if (status === 'sent') meta.append(' ', element('span', 'mark', 'sending…'));
    if (status === 'queued') meta.append(' ', element('span', 'mark', 'not sent yet'));
    if (status !== 'failed') return node;
    node.append(
      element(
        'div', 'refusal', element('span', '', `Not sent: ${why ?? 'refused'}`),
        button('Send again', 'quiet', () => this.actions.retry(n)),
        button('Discard', 'quiet', () => this.actions.dispatch({type: 'discard', n})),
      ),
    );
    return node;
  }

  /** @param {State} state @param {number} now */
  renderStatus(state, now) {
    const {phase, retryAt} = state.connection;
    this.document.body.dataset.phase = phase;
    setText(this.find('status-text'), statusText(state));
    const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
    setText(this.find('countdown'), phase === 'waiting' ? `Trying again in ${seconds} s.` : '');
    const tryNow = this.find('try-now');
    const hide = phase !== 'waiting' && phase !== 'closed';
    if (hide && this.document.activeElement === tryNow) this.input.focus();
    tryNow.hidden = hide;
  }

  /** @param {State} state */
  renderJump({log, following}) {
    const jump = this.find('jump');
    const hide = following && !log.detached;
    if (hide && this.document.activeElement === jump) this.log.focus({preventScroll: true});
    jump.hidden = hide;
    setText(jump, log.unseen > 0 ? `${counted(log.unseen, 'new message', 'new messages')} ↓` : 'To the newest ↓');
  }

  /** @param {State} state */
  renderPeople({members, count, me, room}) {
    setText(this.find('room-name'), room);
    this.document.title = `${room} · chat`;
    setText(this.find('people-count'), String(count));
    setText(this.find('people-heading'), `Here now: ${count.toLocaleString('en')}`);
    const names = members.filter((name) => name !== me.name).sort((a, b) => a.localeCompare(b));
    if (me.name !== '' && count > 0) names.unshift(me.name);
    const rows = names.map((name) => {
      const avatar = avatarOf(name);
      avatar.classList.add('people-avatar');
      const label = element('span', '', element('bdi', '', name));
      if (name === me.name) label.append(' ', element('span', 'you', '(you)'));
      return element('li', '', avatar, label);
    });
    const rest = count - names.length;
    if (rest > 0) rows.push(element('li', 'rest', `and ${counted(rest, 'other', 'others')}`));
    this.find('people-list').replaceChildren(...rows);
    if (this.document.activeElement !== this.name) this.name.value = me.wish || me.name;
  }
}

/** @param {Item} before @param {Item} after */
function isChanged(before, after) {
  if (before.kind === 'pending' && after.kind === 'pending') return before.pending !== after.pending;
  return before.kind === 'message' && after.kind === 'message' && before.row !== after.row;
}
