// @ts-check
// The messages as DOM: a window of lines that slides over all that there is, without a jump. Lines are drawn once and
// kept by key.

import {button, element, find, setText} from './dom.js';
import {STEP, WINDOW, entriesOf, firstNew, itemsOf, lastWindow, windowAround, windowFrom} from './items.js';
import {dayNode, messageNode} from './message_view.js';
import {writeCursor} from './protocol.js';
import {firstSeq} from './timeline.js';

/**
 * @typedef {import('./store.js').State} State
 * @typedef {import('./store.js').Pending} Pending
 * @typedef {import('./items.js').Item} Item
 * @typedef {import('./items.js').Entry} Entry
 * @typedef {import('./message_view.js').Words} Words
 *
 * Where a reader was in a room: the entry that the window began with, the line at its top edge, and how far below
 * that edge it began.
 * @typedef {{first: string, top: string, offset: number}} Place
 *
 * @typedef {{
 *   retry: (n: number) => void,
 *   dispatch: (event: import('./store.js').Event) => void,
 *   leaveLog: () => void,
 * }} Actions
 */

const AT_END_PX = 48;
/** The window slides when less than this is left of it above or below. */
const SLACK_PX = 800;

/**
 * True when `after` has more history than `before`, or another one: only what comes in at the end is news.
 * @param {State | null} before @param {State} after
 */
function addsHistory(before, after) {
  if (before === null || before.log.wanted || before.log.detached) return true;
  if (before.log.section !== after.log.section || before.cleared !== after.cleared) return true;
  const [was, is] = [firstSeq(before), firstSeq(after)];
  return was >= 0 && is >= 0 && is < was;
}

/** @param {Item} before @param {Item} after */
function isChanged(before, after) {
  if (before.kind === 'pending' && after.kind === 'pending') return before.pending !== after.pending;
  return before.kind === 'message' && after.kind === 'message' && before.row !== after.row;
}

export class LogView {
  /** @param {Actions} actions @param {Words} words */
  constructor(actions, words) {
    this.actions = actions;
    this.words = words;
    this.log = find('chat-log');
    this.list = find('rows');
    /** @type {Map<string, {item: Item, node: HTMLElement}>} */
    this.nodes = new Map();
    /** @type {State | null} */
    this.shown = null;
    /** @type {Entry[]} */
    this.entries = [];
    this.window = {from: 0, to: 0};
    this.first = '';
    /** @type {State['spot']} the one that the log has gone to */
    this.spot = null;
    /** @type {HTMLElement | null} the one link to a message that Tab reaches */
    this.stop = null;
    /** @type {Set<Element>} */
    this.inSight = new Set();
    this.silence = 0;
    this.sight = new IntersectionObserver((entries) => this.onSight(entries), {root: this.log, rootMargin: '300px'});
    this.log.addEventListener('scroll', () => this.onScroll(), {passive: true});
    this.list.addEventListener('keydown', (event) => this.onKey(event));
    new ResizeObserver(() => this.stayAtEnd()).observe(this.log);
  }

  /** Whether `state` shows the end. @param {State | null} state */
  follows(state) {
    return state !== null && state.following && !state.opening && !state.log.detached;
  }

  // ---- scrolling

  atEnd() {
    const {scrollHeight, scrollTop, clientHeight} = this.log;
    return this.window.to === this.entries.length && scrollHeight - scrollTop - clientHeight < AT_END_PX;
  }

  onScroll() {
    const following = this.atEnd();
    if (this.shown && following !== this.shown.following) this.actions.dispatch({type: 'following', following});
    if (following) return;
    this.slide();
    this.tellSeen();
  }

  stayAtEnd() {
    if (this.follows(this.shown)) this.log.scrollTop = this.log.scrollHeight;
  }

  /** How many rows end above `y`. @param {number} y pixels from the log's begin */
  rowsAbove(y) {
    const rows = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children);
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].offsetTop + rows[middle].offsetHeight <= y) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Tells how far the messages have been in sight, while the end is not. */
  tellSeen() {
    const {shown, log} = this;
    if (!shown?.attending || this.follows(shown)) return;
    let row = this.list.children[this.rowsAbove(log.scrollTop + log.clientHeight) - 1];
    while (row && row.previousElementSibling && !row.classList.contains('message')) row = row.previousElementSibling;
    const item = this.nodes.get(this.keyOf(/** @type {HTMLElement | null} */ (row ?? null)))?.item;
    if (item?.kind === 'message') this.actions.dispatch({type: 'seen', cursor: {epoch: item.row.epoch, seq: item.row.seq}});
  }

  /** The row at the top edge of what is seen. @returns {HTMLElement | null} */
  topRow() {
    const rows = /** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children);
    const low = this.rowsAbove(this.log.scrollTop);
    // Lines between messages come and go; a message stays where it is.
    let top = /** @type {Element | null} */ (rows[low] ?? null);
    while (top && !top.classList.contains('message') && top.nextElementSibling) top = top.nextElementSibling;
    return /** @type {HTMLElement | null} */ (top);
  }

  /** Moves the window on where its edge comes near, as often as it takes. */
  slide() {
    const {shown, log} = this;
    if (!shown) return;
    for (let turn = 0; turn < 20; ++turn) {
      const up = log.scrollTop < SLACK_PX && this.window.from > 0;
      const below = log.scrollHeight - log.scrollTop - log.clientHeight;
      const down = below < SLACK_PX && this.window.to < this.entries.length;
      if (up === down) return;
      this.announce(false);
      this.placeWindow(shown, windowFrom(this.entries, this.window.from + (up ? -STEP : STEP)));
    }
  }

  /** Half a screen further up, and on from the server. @returns {import('./texts.js').Text} why not, when there is nothing */
  back() {
    const {shown, log} = this;
    if (!shown) return '';
    if (shown.cleared !== null) {
      this.actions.dispatch({type: 'unclear'});
      return '';
    }
    if (log.scrollTop === 0 && this.window.from === 0 && !shown.log.older) return 'history.none';
    log.scrollTop -= log.clientHeight / 2;
    this.actions.dispatch({type: 'older'});
    return '';
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

  // ---- keys

  /** Up and Down go from one message's link to the next. @param {KeyboardEvent} event */
  onKey(event) {
    const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
    const here = document.activeElement;
    if (step === 0 || !here?.classList.contains('at')) return;
    const links = /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll('a.at')]);
    const next = links[links.indexOf(/** @type {HTMLElement} */ (here)) + step];
    if (!next) return;
    event.preventDefault();
    this.stopAt(next);
    next.focus();
  }

  /** @param {HTMLElement | null} link */
  stopAt(link) {
    if (this.stop) this.stop.tabIndex = -1;
    this.stop = link;
    if (link) link.tabIndex = 0;
  }

  // ---- drawing

  /** @param {State} state */
  render(state) {
    const before = this.shown;
    this.shown = state;
    if (!before || isAnother(before, state)) this.renderLines(state, before);
    if (state.following !== before?.following) this.stayAtEnd();
    this.readOn();
    this.tellSeen();
  }

  /** Takes all lines away, and tells where the reader was. @returns {Place} */
  clear() {
    const top = this.topRow();
    const place = {first: this.first, top: this.keyOf(top), offset: (top?.offsetTop ?? 0) - this.log.scrollTop};
    for (const {node} of this.nodes.values()) this.drop(node);
    this.nodes.clear();
    this.shown = null;
    this.first = '';
    return place;
  }

  /** Goes on where somebody was. @param {Place} place @param {State} state */
  restore(place, state) {
    this.first = place.first;
    this.spot = state.spot;
    this.render(state);
    const node = this.nodes.get(place.top)?.node;
    if (node && !this.follows(state) && !state.opening) this.log.scrollTop = node.offsetTop - place.offset;
  }

  /** @param {State} state @param {State | null} before */
  renderLines(state, before) {
    this.announce(!addsHistory(before, state));
    this.entries = entriesOf(state);
    if (state.opening && !state.log.wanted) return this.begin(state);
    const goes = state.spot !== null && state.spot !== this.spot;
    this.placeWindow(state, this.windowOf(state, goes));
    find('empty').hidden = state.rows.length > 0 || state.pending.length > 0 || state.log.wanted || state.seeking !== null;
    if (goes) this.goToSpot(state);
    else if (!this.follows(state)) this.slide();
  }

  /** Opens the room: at the line when what is behind it has no room, else at its end. @param {State} state */
  begin(state) {
    const {entries, log} = this;
    const at = firstNew(state, entries);
    this.placeWindow(state, at < 0 ? lastWindow(entries) : windowFrom(entries, at - WINDOW / 2));
    find('empty').hidden = true;
    const node = this.nodes.get(`line ${entries[at]?.key}`)?.node ?? this.nodes.get(entries[at]?.key)?.node;
    const top = node?.offsetTop ?? 0;
    const fits = this.window.to === entries.length && !state.log.detached && log.scrollHeight - top <= log.clientHeight;
    this.spot = state.spot;
    if (!node || fits) {
      log.scrollTop = log.scrollHeight;
      return this.actions.dispatch({type: 'begin', at: 'end'});
    }
    // What was read last stays in sight above it, if it is not too much.
    const above = this.nodes.get(entries[at - 1]?.key)?.node;
    log.scrollTop = Math.max(above?.offsetTop ?? top, top - log.clientHeight / 3);
    this.actions.dispatch({type: 'begin', at: 'line'});
  }

  /** @param {State} state @param {boolean} goes */
  windowOf(state, goes) {
    const {entries} = this;
    const around = goes && state.spot ? windowAround(entries, state.spot.key) : null;
    if (around) return around;
    if (this.follows(state)) return lastWindow(entries);
    const at = entries.findIndex(({key}) => key === this.first);
    if (at >= 0) return windowFrom(entries, at);
    return windowAround(entries, this.keyOf(this.topRow())) ?? windowFrom(entries, this.window.from);
  }

  /** The key of a line; '' when it is none. @param {HTMLElement | null} node */
  keyOf(node) {
    for (const [key, known] of this.nodes) if (known.node === node) return key;
    return '';
  }

  /** @param {State} state @param {import('./items.js').Window} window */
  placeWindow(state, window) {
    const follow = this.follows(state);
    const anchor = follow ? null : this.topRow();
    // Its lower edge: a name above its text comes and goes with the message before it.
    const edge = anchor?.getBoundingClientRect().bottom ?? 0;
    this.window = window;
    this.first = this.entries[window.from]?.key ?? '';
    this.place(itemsOf(state, this.entries, window));
    this.markSpot(state);
    if (!this.stop?.isConnected) this.stopAt(/** @type {HTMLElement[]} */ ([...this.list.querySelectorAll('a.at')]).at(-1) ?? null);
    if (follow) this.log.scrollTop = this.log.scrollHeight;
    else if (anchor?.isConnected) this.log.scrollTop += anchor.getBoundingClientRect().bottom - edge;
  }

  /** @param {State} state */
  markSpot({spot}) {
    const node = spot ? this.nodes.get(spot.key)?.node : undefined;
    for (const old of this.list.querySelectorAll('.spot')) {
      if (old !== node) old.classList.remove('spot');
    }
    node?.classList.add('spot');
  }

  /** Brings what is sought into the middle. @param {State} state */
  goToSpot({spot}) {
    if (!spot) return;
    this.spot = spot;
    const node = this.nodes.get(spot.key)?.node;
    if (!node) return;
    this.log.scrollTop = node.offsetTop - (this.log.clientHeight - node.offsetHeight) / 2;
    this.stopAt(node.querySelector('a.at'));
    this.slide();
    if (this.atEnd()) this.actions.dispatch({type: 'following', following: true});
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
    if (node.contains(document.activeElement)) this.actions.leaveLog();
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
    const {say} = this.words;
    switch (item.kind) {
      case 'message': return this.drawMessage(item.row);
      case 'pending': return this.drawPending(item.pending);
      case 'gap': return element('div', 'gap', say(`log.${item.why}`));
      case 'day': return dayNode(item.at, this.words);
      case 'line': return element('div', 'line', say('log.line'));
      case 'older':
      case 'newer': return this.drawReader(item.kind);
      case 'cleared': return this.drawCleared();
    }
  }

  /** @param {import('./timeline.js').MessageRow} row */
  drawMessage({name, at, client, text, epoch, seq}) {
    const {client: own = '', name: me = ''} = this.shown?.me ?? {};
    const mine = client !== undefined && client === own;
    return messageNode({name, at, mine, text, me, cursor: writeCursor({epoch, seq})}, this.words);
  }

  /** @param {'older' | 'newer'} kind */
  drawReader(kind) {
    const label = this.words.say(`log.${kind}`);
    const node = element('div', 'reader', button(label, 'quiet', () => this.actions.dispatch({type: kind})));
    this.sight.observe(node);
    return node;
  }

  drawCleared() {
    const {say} = this.words;
    const show = button(say('log.unclear'), 'link', () => this.actions.dispatch({type: 'unclear'}));
    return element('div', 'cleared', element('span', '', say('log.cleared')), ' ', show);
  }

  /** @param {Pending} pending */
  drawPending({n, text, at, status, why}) {
    const {say} = this.words;
    const me = this.shown?.me.name ?? '';
    const node = messageNode({name: me, at, mine: true, text, me, cursor: ''}, this.words);
    node.classList.add(status === 'failed' ? 'failed' : 'pending');
    const meta = /** @type {HTMLElement} */ (node.querySelector('.meta'));
    if (status === 'sent') meta.append(' ', element('span', 'mark', say('message.sending')));
    if (status === 'queued') meta.append(' ', element('span', 'mark', say('message.queued')));
    if (status !== 'failed') return node;
    node.append(
      element(
        'div', 'refusal', element('span', '', say('message.failed', {why: say(why ?? 'message.refused')})),
        button(say('message.again'), 'quiet', () => this.actions.retry(n)),
        button(say('message.discard'), 'quiet', () => this.actions.dispatch({type: 'discard', n})),
      ),
    );
    return node;
  }

  /** @param {State} state */
  renderJump(state) {
    const {log} = state;
    const jump = find('jump');
    const hide = this.follows(state);
    if (hide && document.activeElement === jump) this.log.focus({preventScroll: true});
    jump.hidden = hide;
    setText(jump, this.words.say(log.unseen > 0 ? 'log.unseen' : 'log.newest', {count: log.unseen}));
  }
}

/** Whether the lines of two states differ. @param {State} a @param {State} b */
function isAnother(a, b) {
  return a.rows !== b.rows || a.pending !== b.pending || a.log !== b.log || a.me !== b.me || a.line !== b.line ||
    a.cleared !== b.cleared || a.ignored !== b.ignored || a.spot !== b.spot || a.seeking !== b.seeking || a.opening !== b.opening;
}
