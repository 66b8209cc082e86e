// What of a room is shown, read, hidden, found and opened: the store's part and the lines that follow from it.

import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {STEP, WINDOW, entriesOf, firstNew, itemsOf, lastWindow, windowAround, windowFrom} from '../../web/items.js';
import {hitsOf, readUpTo} from '../../web/reading.js';
import {Shelf} from '../../web/shelf.js';
import {initial, update} from '../../web/store.js';
import {memoryStore} from '../../web/identity.js';
import {KEPT} from '../../web/timeline.js';
import {history, message, welcome} from './support/frames.mjs';

/** @typedef {import('../../web/store.js').State} State */

const NOW = 5_000_000;
const DAY = 86_400_000;
const SELF = {room: 'lobby', secret: 'secret-of-sixteen', next: 100, wish: '', guest: '', unsent: []};

class Page {
  /** @param {any} [self] */
  constructor(self = {}) {
    /** @type {State} */
    this.state = initial({...SELF, ...self});
    /** @type {any[]} */
    this.effects = [];
  }

  /** @param {any[]} events */
  do(...events) {
    for (const event of events) {
      const {state, effects} = update(this.state, {now: NOW, ...event});
      this.state = state;
      this.effects.push(...effects);
    }
    return this;
  }

  /** @param {any[]} frames */
  hear(...frames) {
    return this.do(...frames.map((frame) => ({type: 'frame', frame})));
  }

  /** @param {number[]} seqs @param {any} [given] */
  join(seqs, given = {}) {
    this.do({type: 'connecting'}, {type: 'opened'}).hear(welcome({head: seqs.at(-1) ?? 0}));
    return seqs.length === 0 ? this : this.hear(history(seqs, given));
  }

  /** The frames since the last time. */
  frames() {
    const frames = this.effects.filter(({type}) => type === 'transmit').map(({frame}) => frame);
    this.effects = this.effects.filter(({type}) => type !== 'transmit');
    return frames;
  }

  /** The lines of the log: seqs of messages, kinds of the rest. */
  get lines() {
    return itemsOf(this.state).map((item) => (item.kind === 'message' ? item.row.seq : item.kind));
  }

  get unseen() {
    return [this.state.log.unseen, this.state.mentioned];
  }
}

const away = {type: 'attending', attending: false};
const back = {type: 'attending', attending: true};

describe('what is new', () => {
  test('unread while nobody looks, read once somebody does; the line stays until one writes', () => {
    const page = new Page().join([1, 2]).do(away).hear(message(3), message(4));
    assert.deepEqual([page.unseen, page.lines], [[2, 0], ['day', 1, 2, 'line', 3, 4]]);
    page.do(back);
    assert.deepEqual([page.unseen, page.lines], [[0, 0], ['day', 1, 2, 'line', 3, 4]]);
    page.hear(message(5));
    assert.deepEqual([page.unseen, page.lines], [[0, 0], ['day', 1, 2, 'line', 3, 4, 5]]);
    page.do({type: 'submit', text: 'yes'});
    assert.ok(!page.lines.includes('line'));
  });

  test('the line moves on to what came after the next look', () => {
    const page = new Page().join([1]).do(away).hear(message(2)).do(back, away).hear(message(3));
    assert.deepEqual(page.lines, ['day', 1, 2, 'line', 3]);
  });

  test('further up it is unread too, and a look does not change that', () => {
    const page = new Page().join([1]).do({type: 'following', following: false}).hear(message(2)).do(away, back);
    assert.deepEqual(page.unseen, [1, 0]);
    assert.deepEqual(page.do({type: 'following', following: true}).unseen, [0, 0]);
  });

  test('what we wrote elsewhere, or somebody ignored wrote, is no news', () => {
    const page = new Page({ignored: ['BOB']}).join([1]).do(away);
    page.hear(message(2, {client: 'PublicOfAnn', n: 1, name: 'ann'}), message(3, {name: 'bob'}));
    assert.deepEqual(page.unseen, [0, 0]);
    assert.deepEqual(page.hear(message(4, {name: 'eve'})).unseen, [1, 0]);
  });

  test('a mention that nobody sees is told, one that is seen is not', () => {
    const told = (/** @type {Page} */ page) => page.effects.filter(({type}) => type === 'mention');
    const page = new Page().join([1]).hear(message(2, {message: 'ann?'}));
    assert.deepEqual(told(page), []);
    page.do(away).hear(message(3, {message: 'ann!'}), message(4, {message: 'Hannah'}), message(5, {message: {ann: 1}}));
    assert.deepEqual(told(page), [{type: 'mention', name: 'bob', text: 'ann!'}]);
    assert.deepEqual(page.unseen, [3, 1]);
    assert.deepEqual(page.do(back).unseen, [0, 0]);
  });

  test('on the next visit the line stands where reading stopped', () => {
    const page = new Page({read: {epoch: 'e', seq: 2}}).join([1, 2, 3]);
    assert.deepEqual(page.lines, ['day', 1, 2, 'line', 3]);
    for (const read of [{epoch: 'e', seq: 3}, {epoch: 'f', seq: 1}, null]) {
      assert.ok(!new Page({read}).join([1, 2, 3]).hear(message(4)).lines.includes('line'), JSON.stringify(read));
    }
  });

  test('what is read grows only while somebody looks at the end', () => {
    const page = new Page().join([1, 2]);
    assert.deepEqual(readUpTo(page.state), {epoch: 'e', seq: 2});
    assert.deepEqual(readUpTo(page.do(away).hear(message(3)).state), {epoch: 'e', seq: 2});
    assert.deepEqual(readUpTo(page.do(back).state), {epoch: 'e', seq: 3});
    page.do({type: 'following', following: false}).hear(message(4));
    assert.deepEqual(readUpTo(page.state), {epoch: 'e', seq: 3});
  });

  test('or on the way there: what comes into sight is counted no more', () => {
    const page = new Page().join([1]).do({type: 'following', following: false}).hear(message(2), message(3), message(4));
    const see = (/** @type {number} */ seq, epoch = 'e') => page.do({type: 'seen', cursor: {epoch, seq}});
    assert.deepEqual([see(2).unseen, readUpTo(page.state)], [[2, 0], {epoch: 'e', seq: 2}]);
    assert.deepEqual([see(1).unseen, see(4, 'f').unseen, readUpTo(page.state)], [[2, 0], [2, 0], {epoch: 'e', seq: 2}]);
    page.do(away);
    assert.deepEqual(see(4).unseen, [2, 0], 'nobody looks');
    page.do(back);
    assert.deepEqual([see(4).unseen, readUpTo(page.state)], [[0, 0], {epoch: 'e', seq: 4}]);
  });
});

describe('opening at the line', () => {
  const read = (/** @type {number} */ seq) => ({read: {epoch: 'e', seq}});
  const seqs = (/** @type {number} */ from, /** @type {number} */ to) => Array.from({length: to - from + 1}, (_, i) => from + i);
  /** @param {number} seq read up to @param {number} head */
  const returned = (seq, head) => {
    const page = new Page(read(seq)).do({type: 'connecting'}, {type: 'opened'}).hear(welcome({head}));
    return {page, asked: page.frames().at(-1)};
  };

  test('what is unread counts until it is known where the room opens', () => {
    const page = new Page(read(2)).join([1, 2, 3, 4]);
    assert.deepEqual([page.unseen, readUpTo(page.state)], [[2, 0], {epoch: 'e', seq: 2}]);
    page.do({type: 'begin', at: 'line'});
    assert.deepEqual([page.unseen, page.state.following], [[2, 0], false]);
    page.do({type: 'seen', cursor: {epoch: 'e', seq: 3}}).hear(message(5));
    assert.deepEqual([page.unseen, page.lines], [[2, 0], ['day', 1, 2, 'line', 3, 4, 5]]);
    page.do({type: 'following', following: true});
    assert.deepEqual([page.unseen, readUpTo(page.state)], [[0, 0], {epoch: 'e', seq: 5}]);
  });

  test('at the end it is all read, and a room without a line opens there at once', () => {
    const page = new Page(read(2)).join([1, 2, 3]).do({type: 'begin', at: 'end'});
    assert.deepEqual([page.unseen, readUpTo(page.state), page.state.following], [[0, 0], {epoch: 'e', seq: 3}, true]);
    for (const self of [{}, read(3), {read: {epoch: 'f', seq: 1}}]) {
      const {opening, following} = new Page(self).join([1, 2, 3]).state;
      assert.deepEqual([opening, following], [false, true], JSON.stringify(self));
    }
  });

  test('our own and what is hidden is no news', () => {
    const page = new Page({...read(1), ignored: ['bob']}).join([1, 2, 3]);
    assert.deepEqual([page.unseen, page.state.opening], [[0, 0], false]);
  });

  test('where more is unread than the newest page has, the page around the line is read', () => {
    assert.deepEqual(returned(51, 100).asked, {type: 'history', limit: 50});
    const {page, asked} = returned(50, 100);
    assert.deepEqual(asked, {type: 'history', after: 49, limit: 100});
    page.hear(message(101), history(seqs(50, 90), {after: 49, more: true}));
    assert.deepEqual(page.lines.slice(0, 5), ['older', 'day', 50, 'line', 51]);
    assert.deepEqual([page.lines.at(-1), page.unseen], ['newer', [51, 0]]);
    page.do({type: 'begin', at: 'line'}, {type: 'seen', cursor: {epoch: 'e', seq: 60}});
    assert.deepEqual(page.unseen, [41, 0]);
    page.do({type: 'newer'}).hear(history(seqs(91, 101), {after: 90}));
    assert.deepEqual([page.lines.at(-1), page.unseen], [101, [41, 0]]);
    page.do({type: 'seen', cursor: {epoch: 'e', seq: 100}});
    assert.deepEqual(page.unseen, [1, 0]);
  });

  test('a cut in the middle of it is no end of it', () => {
    const {page} = returned(50, 100);
    page.do({type: 'lost', why: '', retryAt: 1}, {type: 'connecting'}, {type: 'opened'});
    page.frames();
    page.hear(welcome({head: 100, recovered: true}));
    assert.deepEqual(page.frames(), [{type: 'history', after: 49, limit: 100}]);
  });

  test('to the newest instead, or to a link: the late answer changes nothing', () => {
    const {page} = returned(50, 100);
    page.do({type: 'jump'}).hear(history(seqs(50, 90), {after: 49, more: true}));
    assert.deepEqual(page.frames().at(-1), {type: 'history', limit: 50});
    page.hear(history([99, 100], {more: true}));
    assert.deepEqual([page.lines, page.state.following], [['older', 'day', 99, 100], true]);
    const linked = new Page(read(50)).do({type: 'open', cursor: {epoch: 'e', seq: 10}}, {type: 'connecting'}, {type: 'opened'});
    linked.hear(welcome({head: 100}), history([9, 10], {before: 11}));
    assert.deepEqual([linked.state.spot?.key, linked.state.opening], [linked.state.rows[1].key, false]);
  });

  test('what was far behind a link is not read by looking at the link', () => {
    const page = new Page(read(5)).do({type: 'open', cursor: {epoch: 'e', seq: 40}}).join([]).hear(welcome({head: 90}));
    page.hear(history([39, 40], {before: 41, more: true})).do({type: 'seen', cursor: {epoch: 'e', seq: 40}});
    assert.deepEqual(readUpTo(page.state), {epoch: 'e', seq: 5});
  });

  test('a room that was in the background opens so too, when somebody goes there', () => {
    const page = new Page().join([1]).do(away).hear(message(2), message(3)).do({type: 'enter'}, back);
    assert.deepEqual([page.unseen, page.state.opening], [[2, 0], true]);
    page.do({type: 'begin', at: 'line'});
    assert.deepEqual([page.unseen, page.lines], [[2, 0], ['day', 1, 'line', 2, 3]]);
    page.do({type: 'jump'}, away, {type: 'enter'}, back);
    assert.deepEqual([page.unseen, page.state.opening], [[0, 0], false], 'where all is read it does not');
  });

  test('the line is found among the entries', () => {
    const page = new Page(read(2)).join([1, 2, 3], {more: true});
    assert.equal(firstNew(page.state, entriesOf(page.state)), 3);
    assert.equal(firstNew(new Page().join([1]).state, entriesOf(page.state)), -1);
  });
});

describe('opening at a message', () => {
  const open = (/** @type {number} */ seq, epoch = 'e') => ({type: 'open', cursor: {epoch, seq}});

  test('one that is there is brought into sight, without asking', () => {
    const page = new Page().join([1, 2, 3]);
    page.frames();
    page.do(open(2));
    assert.deepEqual([page.frames(), page.state.spot?.key, page.state.following], [[], '1 2', false]);
  });

  test('from a link: its page takes the place of the newest, and both ways lead on', () => {
    const page = new Page().do(open(40), {type: 'connecting'}, {type: 'opened'}).hear(welcome({head: 90}));
    assert.deepEqual(page.frames().slice(1), [{type: 'history', before: 41, limit: 50}]);
    page.hear(history([39, 40], {before: 41, more: true}));
    assert.deepEqual(page.lines, ['older', 'day', 39, 40, 'newer']);
    assert.equal(page.state.spot?.key, page.state.rows[1].key);
    assert.deepEqual(page.frames(), [], 'the newest page is not asked for');
    page.do({type: 'newer'}).hear(history([90], {after: 40}));
    assert.deepEqual(page.lines, ['older', 'day', 39, 40, 90]);
  });

  test('the newest one as well', () => {
    const page = new Page().do(open(2)).join([]).hear(welcome({head: 2}), history([1, 2], {before: 3}));
    assert.deepEqual(page.lines, ['day', 1, 2]);
  });

  test('one that is gone is said so, and the newest are shown', () => {
    const page = new Page().do(open(40), {type: 'connecting'}, {type: 'opened'}).hear(welcome({head: 90}));
    page.hear(history([38], {before: 41}));
    assert.equal(page.state.notice, 'log.target_trimmed');
    assert.deepEqual(page.frames().at(-1), {type: 'history', limit: 50});
    assert.deepEqual(page.hear(history([90])).lines, ['day', 90]);
  });

  test('one of another log is not asked for', () => {
    const page = new Page().do(open(40, 'f')).join([1]);
    assert.equal(page.state.notice, 'log.target_replaced');
    assert.ok(page.frames().every(({before}) => before === undefined));
    assert.deepEqual(page.lines, ['day', 1]);
  });

  test('a cut in the middle of it is no end of it', () => {
    const page = new Page().do(open(40)).join([]);
    page.do({type: 'lost', why: '', retryAt: 1}, {type: 'connecting'}, {type: 'opened'});
    page.frames();
    page.hear(welcome({head: 90, recovered: true}));
    assert.deepEqual(page.frames(), [{type: 'history', before: 41, limit: 50}]);
  });

  test('to the newest instead: the late answer changes nothing', () => {
    const page = new Page().join([1, 2], {more: true}).do(open(90), {type: 'jump'});
    page.hear(history([90], {before: 91}));
    assert.deepEqual(page.lines, ['older', 'day', 1, 2]);
    assert.equal(page.state.following, true);
  });
});

describe('search', () => {
  test('it goes from the newest match backwards, and round', () => {
    const page = new Page().join([1]).hear(message(2, {message: 'Blue'}), message(3), message(4, {message: 'blueish'}));
    page.do({type: 'search', query: ' BLUE '});
    const spots = [-1, -1, -1, 1].map((step) => page.do({type: 'hit', step}).state.spot?.key);
    assert.deepEqual(spots, ['1 4', '1 2', '1 4', '1 2']);
  });

  test('all widths and the author are found, what is hidden is not', () => {
    const page = new Page({ignored: ['eve']}).join([1]);
    page.hear(message(2, {message: 'ｃａｆé'}), message(3, {message: 'café', name: 'eve'}), message(4, {message: 'x', name: 'Café'}));
    assert.deepEqual(hitsOf(page.state, 'cafe\u0301'), ['1 2', '1 4']);
    assert.deepEqual(hitsOf(page.state, ''), []);
    assert.deepEqual(hitsOf(page.do({type: 'clear'}).state, 'café'), []);
  });

  test('nothing found leaves everything as it is', () => {
    const page = new Page().join([1]).do({type: 'search', query: 'zzz'});
    assert.equal(page.do({type: 'hit', step: -1}).state.spot, null);
  });
});

describe('hiding', () => {
  test('cleared away is what was there, not what comes; and it can be shown again', () => {
    const page = new Page().join([1, 2], {more: true}).do({type: 'clear'}).hear(message(3));
    assert.deepEqual(page.lines, ['cleared', 'day', 3]);
    const above = new Page().join([1]).do({type: 'following', following: false}, {type: 'clear'});
    assert.equal(above.state.following, true, 'an empty page shows its end');
    assert.deepEqual(page.do({type: 'unclear'}).lines, ['older', 'day', 1, 2, 3]);
  });

  test('ignored is a name in any case, until it is no more', () => {
    const page = new Page().join([1]).hear(message(2, {name: 'Eve'})).do({type: 'ignored', names: ['EVE']});
    assert.deepEqual(page.lines, ['day', 1]);
    assert.deepEqual(page.do({type: 'ignored', names: []}).lines, ['day', 1, 2]);
  });
});

describe('lines', () => {
  test('each day has its line, who speaks on is not named again', () => {
    const page = new Page().join([]);
    const at = new Date(2026, 10, 25, 12).getTime();
    page.hear(history([]), message(1, {at}), message(2, {at: at + 60_000}), message(3, {at: at + 400_000}), message(4, {at: at + DAY}));
    const items = itemsOf(page.state);
    assert.deepEqual(items.map(({kind}) => kind), ['day', 'message', 'message', 'message', 'day', 'message']);
    assert.deepEqual(items.flatMap((item) => (item.kind === 'message' ? [item.follows] : [])), [false, true, false, false]);
  });

  test('of very many only a window is there, wherever it is', () => {
    const page = new Page().join([1]);
    for (let seq = 2; seq <= KEPT; ++seq) page.hear(message(seq));
    const entries = entriesOf(page.state);
    assert.equal(entries.length, KEPT);
    for (const from of [0, STEP, 5000, KEPT - 10, KEPT * 2, -5]) {
      const window = windowFrom(entries, from);
      assert.equal(window.to - window.from, WINDOW);
      assert.ok(itemsOf(page.state, entries, window).length <= WINDOW + 1);
    }
    assert.deepEqual(lastWindow(entries), {from: KEPT - WINDOW, to: KEPT});
    const around = windowAround(entries, '1 5000');
    assert.ok(around && around.from < 4999 && around.to > 4999);
    assert.equal(windowAround(entries, 'nowhere'), null);
  });
});

describe('the shelf', () => {
  test('rooms that were visited: the last one first, with what was read there, not for ever', () => {
    const shelf = new Shelf({tab: null, browser: memoryStore()});
    for (let i = 0; i < 40; ++i) shelf.visit(`room${i}`, i, {epoch: 'e', seq: i});
    shelf.visit('room20', 100, null);
    const visits = shelf.visits();
    assert.deepEqual([visits.length, visits[0], visits[1].room], [30, {room: 'room20', at: 100, read: {epoch: 'e', seq: 20}}, 'room39']);
    assert.deepEqual([shelf.readIn('room39'), shelf.readIn('room1')], [{epoch: 'e', seq: 39}, null]);
  });

  test('of two tabs the one that has read further counts, in one history', () => {
    const shelf = new Shelf({tab: null, browser: memoryStore()});
    for (const [epoch, seq] of /** @type {[string, number][]} */ ([['e', 5], ['e', 3]])) shelf.visit('lobby', 1, {epoch, seq});
    assert.deepEqual(shelf.readIn('lobby'), {epoch: 'e', seq: 5});
    shelf.visit('lobby', 2, {epoch: 'f', seq: 3});
    assert.deepEqual(shelf.readIn('lobby'), {epoch: 'f', seq: 3});
  });

  test('what is not readable, or cannot be kept, is nothing', () => {
    const browser = memoryStore();
    const shelf = new Shelf({tab: browser, browser});
    for (const text of ['{', '7', '{"a":1}', '[1,null,{"room":1}]', '[{"room":"x"}]']) {
      for (const key of ['visits', 'ignored', 'open', 'notifies']) browser.setItem(`chat.v1:${key}`, text);
      assert.deepEqual([shelf.visits(), shelf.ignored, shelf.open, shelf.notifies], [[], [], [], false], text);
    }
    const full = {...browser, length: 0, getItem: () => null, setItem: () => { throw new Error('full'); }};
    const none = new Shelf({tab: full, browser: null});
    none.open = ['a'];
    none.visit('a', 1, null);
    assert.deepEqual([none.open, none.visits()], [[], []]);
  });
});
