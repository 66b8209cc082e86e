import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {awaiting, bytesOver, initial, typingEnds, update} from '../../web/store.js';
import {sayIn} from '../../web/texts.js';
import {KEPT} from '../../web/timeline.js';
import {LIMITS, error, history, message, welcome} from './support/frames.mjs';
import {ModelServer} from './support/model_server.mjs';
import {randomFrom} from './support/random.mjs';

/** @typedef {import('../../web/store.js').State} State */

const NOW = 5_000_000;
const english = /** @type {(text: any) => string} */ (sayIn('en', 'en'));
const SELF = {room: 'lobby', secret: 'secret-of-sixteen', next: 100, wish: '', guest: '', unsent: []};

/** A page's state and all that it has had done. */
class Page {
  /** @param {Record<string, unknown>} [self] */
  constructor(self = {}) {
    /** @type {State} */
    this.state = initial(/** @type {any} */ ({...SELF, ...self}));
    /** @type {any[]} */
    this.effects = [];
  }

  /** @param {any} event */
  do(event) {
    const {state, effects} = update(this.state, {now: NOW, id: this.state.pauseId, ...event});
    this.state = state;
    this.effects.push(...effects);
    return this;
  }

  /** @param {...any} frames */
  hear(...frames) {
    for (const frame of frames) this.do({type: 'frame', frame});
    return this;
  }

  /** @param {Record<string, unknown>} [given] what the welcome says */
  join(given) {
    return this.do({type: 'connecting'}).do({type: 'opened'}).hear(welcome(given));
  }

  lose() {
    return this.do({type: 'lost', why: 'gone', retryAt: NOW + 500});
  }

  /** @param {...string} texts */
  submit(...texts) {
    for (const text of texts) this.do({type: 'submit', text});
    return this;
  }

  /** The effects since the last time. @param {string} type */
  taken(type) {
    const found = this.effects.filter((effect) => effect.type === type);
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return found;
  }

  /** The frames that went out since the last time. */
  frames() {
    return this.taken('transmit').map(({frame}) => frame);
  }

  get seqs() {
    return this.state.rows.map((row) => (row.kind === 'gap' ? row.why : row.seq));
  }

  get texts() {
    return this.state.rows.map((row) => (row.kind === 'gap' ? row.why : row.text));
  }

  get notice() {
    return english(this.state.notice);
  }

  get open() {
    return this.state.pending.map(({n, status}) => `${n} ${status}`);
  }
}

/** A page that is in a room with the messages of `seqs` and has asked for nothing more. @param {...number} seqs */
function pageWith(...seqs) {
  const page = new Page().join({head: seqs.at(-1) ?? 0}).hear(history(seqs));
  page.effects = [];
  return page;
}

const mine = (/** @type {number} */ seq, /** @type {number} */ n) => message(seq, {client: 'PublicOfAnn', n, name: 'ann'});

describe('joining', () => {
  test('the first hello has the secret, and no name or cursor that is not there', () => {
    const page = new Page().do({type: 'opened'});
    assert.deepEqual(page.frames(), [{type: 'hello', client: SELF.secret, name: undefined, since: undefined, ordered: true}]);
  });

  test('the name is the one that was chosen, or else the one that the server chose before', () => {
    const table = [[{wish: 'ann', guest: 'guest-1'}, 'ann'], [{guest: 'guest-1'}, 'guest-1']];
    for (const [self, name] of /** @type {any[]} */ (table)) {
      assert.equal(new Page(self).do({type: 'opened'}).frames()[0].name, name);
    }
  });

  test('a guest’s name is kept for the next time', () => {
    const page = new Page().join({name: 'guest-7'});
    assert.deepEqual(page.taken('remember'), [{type: 'remember', wish: '', guest: 'guest-7'}]);
    page.lose().do({type: 'opened'});
    assert.equal(page.frames().at(-1).name, 'guest-7');
  });

  test('who gets another name than wished is told', () => {
    const page = new Page({wish: 'ann'}).join({name: 'ann-2'});
    assert.equal(page.state.me.name, 'ann-2');
    assert.equal(page.notice, '“ann” is taken here; you are “ann-2”.');
  });

  test('a name chosen between hello and welcome is asked for', () => {
    const page = new Page().do({type: 'opened'}).do({type: 'rename', name: 'bob'}).hear(welcome({name: 'guest-1'}));
    assert.ok(page.frames().some(({type, name}) => type === 'rename' && name === 'bob'));
  });

  test('the newest messages are read at first, no more than the server gives', () => {
    const page = new Page().join({head: 80, limits: {...LIMITS, history_page: 20}});
    assert.deepEqual(page.frames().at(-1), {type: 'history', limit: 20});
    page.hear(history([60, 80], {more: true}));
    assert.deepEqual(page.seqs, [60, 80]);
    assert.equal(page.state.log.older, true);
  });

  test('before the welcome nothing is believed', () => {
    const page = new Page().do({type: 'opened'}).hear(message(1), {type: 'ack', n: 100, seq: 1}, {type: 'presence', count: 9});
    assert.deepEqual([page.seqs, page.state.count], [[], 0]);
  });
});

describe('the timeline', () => {
  test('messages stand in the order of seq, each once, however they come', () => {
    const page = pageWith(10, 20).hear(message(30), message(30), message(25), message(20), message(40), message(10));
    assert.deepEqual(page.seqs, [10, 20, 25, 30, 40]);
  });

  test('what is live before the first page comes stands behind it', () => {
    const page = new Page().join({head: 2}).hear(message(3), history([1, 2, 3]), message(4));
    assert.deepEqual(page.seqs, [1, 2, 3, 4]);
  });

  test('a value that is no text is shown as its JSON', () => {
    assert.deepEqual(pageWith().hear(message(1, {message: {a: [1]}})).texts, ['{"a":[1]}']);
  });

  test('reading further up asks for what is before the first row, once at a time', () => {
    const page = new Page().join({head: 9}).hear(history([8, 9], {more: true}));
    page.frames();
    page.do({type: 'older'}).do({type: 'older'});
    assert.deepEqual(page.frames(), [{type: 'history', before: 8, limit: 100}]);
    page.hear(history([5, 6], {before: 8, more: false}));
    assert.deepEqual(page.seqs, [5, 6, 8, 9]);
    page.do({type: 'older'});
    assert.deepEqual(page.frames(), [], 'there is no more');
  });

  test('a page that does not join on is not taken', () => {
    const page = new Page().join({head: 9}).hear(history([8, 9], {more: true})).do({type: 'older'});
    page.hear(history([1], {before: 5}));
    assert.deepEqual(page.seqs, [8, 9]);
  });

  test('no more rows are kept than KEPT; the oldest go and can be read again', () => {
    const page = pageWith(1);
    for (let seq = 2; seq <= KEPT + 10; ++seq) page.hear(message(seq));
    assert.equal(page.state.rows.length, KEPT);
    assert.equal(page.seqs[0], 11);
    assert.equal(page.state.log.older, true);
  });

  test('a reader far up loses the newest rows instead, and finds the way back', () => {
    const page = pageWith(1).do({type: 'following', following: false});
    for (let seq = 2; seq <= KEPT + 10; ++seq) page.hear(message(seq));
    assert.deepEqual([page.seqs.length, page.seqs.at(-1), page.state.log.detached], [KEPT, KEPT, true]);
    assert.equal(page.state.log.unseen, KEPT + 9);
    page.do({type: 'newer'});
    assert.deepEqual(page.frames(), [{type: 'history', after: KEPT, limit: 100}]);
    page.hear(history(Array.from({length: 10}, (_, i) => KEPT + 1 + i), {after: KEPT}));
    assert.deepEqual([page.seqs.at(-1), page.state.log.detached], [KEPT + 10, false]);
  });

  test('a jump to the end starts over from the newest page', () => {
    const page = pageWith(1).do({type: 'following', following: false});
    for (let seq = 2; seq <= KEPT + 10; ++seq) page.hear(message(seq));
    page.do({type: 'jump'});
    assert.deepEqual(page.frames(), [{type: 'history', limit: 50}]);
    page.hear(history([KEPT + 9, KEPT + 10], {more: true}));
    assert.deepEqual([page.seqs, page.state.following, page.state.log.unseen], [[KEPT + 9, KEPT + 10], true, 0]);
  });

  test('new messages are counted while the reader is further up', () => {
    const page = pageWith(1).do({type: 'following', following: false}).hear(message(2), message(3));
    assert.equal(page.state.log.unseen, 2);
    assert.equal(page.do({type: 'following', following: true}).state.log.unseen, 0);
  });
});

describe('coming back', () => {
  test('hello says what is there, and a whole resume goes on behind it', () => {
    const page = pageWith(1, 2).lose().do({type: 'opened'});
    assert.deepEqual(page.frames()[0].since, {epoch: 'e', seq: 2});
    page.hear(welcome({head: 4, recovered: true}), message(3), message(4));
    assert.deepEqual(page.seqs, [1, 2, 3, 4]);
    assert.deepEqual(page.frames(), [], 'nothing is asked for twice');
  });

  test('what was trimmed leaves a gap, and what is left follows it', () => {
    const page = pageWith(1, 2).lose().join({head: 9, recovered: false, missing: {after: 2, before: 8}});
    page.hear(message(8), message(9));
    assert.deepEqual(page.seqs, [1, 2, 'trimmed', 8, 9]);
    assert.equal(page.state.log.older, false);
  });

  test('another log leaves a gap, and its newest page is read', () => {
    const page = pageWith(7, 8).lose().join({epoch: 'f', head: 2, recovered: false, missing: {epoch: 'e'}});
    assert.deepEqual(page.frames().at(-1), {type: 'history', limit: 50});
    page.hear(history([1, 2]), message(3));
    assert.deepEqual(page.seqs, [7, 8, 'replaced', 1, 2, 3]);
    const keys = page.state.rows.map(({key}) => key);
    assert.equal(new Set(keys).size, keys.length, 'rows of both logs can be told apart');
  });

  test('another log in place of an empty one leaves no gap: nothing is missing', () => {
    const page = pageWith().lose().join({epoch: 'f', head: 1, recovered: false, missing: {epoch: 'e'}}).hear(history([1]));
    assert.deepEqual(page.seqs, [1]);
    page.lose().join({epoch: 'g', recovered: false, missing: {epoch: 'f'}});
    assert.deepEqual(page.seqs, [1, 'replaced']);
  });

  test('two gaps in a row are one', () => {
    const page = pageWith(1).lose().join({epoch: 'f', recovered: false, missing: {epoch: 'e'}}).hear(history([]));
    page.lose().join({epoch: 'g', recovered: false, missing: {epoch: 'f'}}).hear(history([5]));
    assert.deepEqual(page.seqs, [1, 'replaced', 5]);
  });

  test('a page of history that was under way is asked for again', () => {
    const page = new Page().join({head: 3}).lose().join({head: 3, recovered: true});
    assert.deepEqual(page.frames().at(-1), {type: 'history', limit: 50});
  });

  test('a code that forbids it shows as closed', () => {
    const page = pageWith().do({type: 'lost', why: 'You are not allowed in here.', retryAt: null});
    assert.deepEqual([page.state.connection.phase, page.state.connection.why], ['closed', 'You are not allowed in here.']);
  });
});

describe('sending', () => {
  test('a message is stored before it goes out, under the next n', () => {
    const page = pageWith().submit('hello');
    assert.deepEqual(page.effects.map(({type}) => type), ['keep', 'transmit']);
    assert.equal(page.effects[0].next, 101);
    assert.deepEqual(page.frames(), [{type: 'send', n: 100, message: 'hello'}]);
    assert.deepEqual(page.open, ['100 sent']);
  });

  test('blank or over-long text is not taken', () => {
    const page = pageWith().submit('', ' \n ', 'x'.repeat(999));
    assert.deepEqual([page.open, page.effects], [[], []]);
    assert.equal(bytesOver(page.state, 'x'.repeat(999)), 1);
    assert.equal(bytesOver(page.state, 'x'.repeat(998)), 0);
  });

  test('acknowledged and on the timeline, in either order, it is no longer pending', () => {
    for (const frames of [[{type: 'ack', n: 100, seq: 1}, mine(1, 100)], [mine(1, 100), {type: 'ack', n: 100, seq: 1}]]) {
      const page = pageWith().submit('hello').hear(...frames);
      assert.deepEqual([page.open, page.seqs], [[], [1]]);
      assert.ok(page.taken('forget').every(({n}) => n === 100));
    }
  });

  test('the same n of somebody else is not ours', () => {
    const page = pageWith().submit('hello').hear(message(1, {client: 'PublicOfBob', n: 100}));
    assert.deepEqual(page.open, ['100 sent']);
  });

  test('until it is on the timeline an acknowledged message stays in sight', () => {
    const page = pageWith().submit('hello').hear({type: 'ack', n: 100, seq: 5}, message(4));
    assert.deepEqual(page.open, ['100 acked']);
    assert.deepEqual(page.hear(mine(5, 100)).open, []);
  });

  test('what is written without a connection waits for it, in order', () => {
    const page = new Page().submit('a', 'b');
    assert.deepEqual(page.frames(), []);
    page.join().hear(history([]));
    assert.deepEqual(page.frames().filter(({type}) => type === 'send').map(({n, message: text}) => [n, text]), [[100, 'a'], [101, 'b']]);
  });

  test('what had no ack goes out again under its n', () => {
    const page = pageWith().submit('a', 'b').hear({type: 'ack', n: 100, seq: 1});
    page.frames();
    page.lose();
    assert.deepEqual(page.open, ['100 acked', '101 queued']);
    page.join({head: 1, recovered: true}).hear(mine(1, 100));
    assert.deepEqual(page.frames().filter(({type}) => type === 'send'), [{type: 'send', n: 101, message: 'b'}]);
  });

  test('what a resume shows to have arrived does not stay pending', () => {
    const page = pageWith().submit('a').lose().join({head: 1, recovered: true}).hear(mine(1, 100));
    assert.deepEqual(page.open, []);
  });

  test('acknowledged in a log that was replaced before it was seen, it can be sent again', () => {
    const page = pageWith(1).submit('a').hear({type: 'ack', n: 100, seq: 2}).lose();
    page.effects = [];
    page.join({epoch: 'f', head: 5, recovered: false, missing: {epoch: 'e'}});
    assert.deepEqual(page.open, ['100 failed']);
    assert.deepEqual(page.taken('keep').map(({message: {n, text, why}}) => [n, text, why !== undefined]), [[100, 'a', true]]);
    page.hear(history([5])).do({type: 'retry', n: 100});
    assert.deepEqual(page.frames().filter(({type}) => type === 'send').map((one) => one.message), ['a']);
  });

  test('acknowledged and trimmed before it was seen, it is not waited for', () => {
    const page = pageWith(1).submit('a').hear({type: 'ack', n: 100, seq: 2}).lose();
    page.join({head: 4, recovered: false, missing: {after: 1, before: 5}});
    assert.deepEqual([page.open, page.seqs], [[], [1, 'trimmed']]);
    page.frames();
    assert.deepEqual(page.lose().do({type: 'opened'}).frames()[0].since, {epoch: 'e', seq: 4});
  });

  test('after a reload the unsent go out under their old n', () => {
    const page = new Page({next: 103, unsent: [{n: 101, text: 'a', at: 1}, {n: 102, text: 'b', at: 2, why: 'refused'}]});
    assert.deepEqual(page.open, ['101 queued', '102 failed']);
    page.join().hear(history([])).submit('c');
    assert.deepEqual(page.frames().filter(({type}) => type === 'send').map(({n}) => n), [101, 103]);
  });

  test('no more are under way than the server remembers', () => {
    const page = new Page().join({limits: {...LIMITS, inflight: 3}}).hear(history([]));
    page.submit('a', 'b', 'c', 'd', 'e');
    const sent = () => page.frames().filter(({type}) => type === 'send').map(({n}) => n);
    assert.deepEqual(sent(), [100, 101, 102]);
    page.hear({type: 'ack', n: 101, seq: 2});
    assert.deepEqual(sent(), [], 'the oldest is still open');
    page.hear({type: 'ack', n: 100, seq: 1});
    assert.deepEqual(sent(), [103, 104]);
  });

  test('a message that is seen before its ack makes room for the next', () => {
    const page = new Page().join({limits: {...LIMITS, inflight: 2}}).hear(history([])).submit('a', 'b', 'c');
    page.frames();
    page.hear(mine(1, 100), {type: 'ack', n: 100, seq: 1});
    assert.deepEqual(page.frames().map(({n}) => n), [102]);
  });

  test('a draining server is sent nothing more', () => {
    const page = pageWith().hear({type: 'closing', reconnect_after_ms: 5}).submit('a').do({type: 'typed'});
    assert.deepEqual([page.frames(), page.open], [[], ['100 queued']]);
  });

  test('halves of surrogate pairs are replaced before anything is kept', () => {
    assert.equal(pageWith().submit('a\uD83D').taken('keep')[0].message.text, 'a\uFFFD');
  });
});

describe('refusals', () => {
  test('a passing one is tried again after the time that the server names', () => {
    const page = pageWith().submit('a').hear(error('rate_limited', {n: 100, retry_after_ms: 250}));
    assert.deepEqual([page.open, page.taken('pause')], [['100 queued'], [{type: 'pause', ms: 250, id: 1}]]);
    page.frames();
    assert.deepEqual(page.submit('b').frames(), [], 'paused');
    assert.deepEqual(page.do({type: 'resume'}).frames().map(({n}) => n), [100, 101]);
  });

  test('behind one nothing goes until all on its way is answered, and the first then says so', () => {
    const page = pageWith().submit('a', 'b', 'c');
    page.frames();
    page.hear(error('busy', {n: 100}), {type: 'ready'}).submit('d');
    assert.deepEqual([page.frames(), page.open], [[], ['100 queued', '101 sent', '102 sent', '103 queued']]);
    page.hear(error('busy', {n: 101}), error('busy', {n: 102}), {type: 'ready'});
    assert.deepEqual(page.frames().map(({n, first}) => [n, first]), [[100, true], [101, undefined], [102, undefined], [103, undefined]]);
    page.lose().join({recovered: true});
    assert.deepEqual(page.frames().filter(({type}) => type === 'send').map(({first}) => first), Array(4).fill(undefined));
  });

  test('without a time the pauses grow, up to 30 s, and an ack ends that', () => {
    const page = pageWith().submit('a');
    const pauses = [];
    for (let i = 0; i < 8; ++i) {
      page.hear(error('busy', {n: 100}));
      pauses.push(page.taken('pause')[0].ms);
      page.do({type: 'resume'});
    }
    assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    page.hear({type: 'ack', n: 100, seq: 1}).submit('b').hear(error('busy', {n: 101}));
    assert.deepEqual(page.taken('pause').map(({ms}) => ms), [500]);
  });

  test('a server that was busy and is ready again is not waited for longer', () => {
    const page = pageWith().submit('a', 'b').hear(error('busy', {n: 100}), error('busy', {n: 101}));
    page.frames();
    assert.deepEqual(page.hear({type: 'ready'}).frames().map(({n}) => n), [100, 101]);
    assert.deepEqual(page.do({type: 'resume', id: 1}).frames(), [], 'the pause is over');
    page.hear(error('rate_limited', {n: 100, retry_after_ms: 250}));
    assert.deepEqual(page.hear({type: 'ready'}).frames(), [], 'another reason to wait');
  });

  test('a pause lasts its own time, whatever became of an earlier one', () => {
    const page = pageWith().submit('a').hear(error('busy', {n: 100, retry_after_ms: 9000}));
    const [first] = page.taken('pause');
    page.lose().join({recovered: true}).hear(error('busy', {n: 100, retry_after_ms: 9000}));
    page.frames();
    assert.deepEqual(page.do({type: 'resume', id: first.id}).frames(), []);
    const [second] = page.taken('pause');
    assert.deepEqual(page.do({type: 'resume', id: second.id}).frames().map(({n}) => n), [100]);
  });

  test('a final one stays in sight with its reason, and lets the others pass', () => {
    const page = pageWith().submit('a', 'b').hear(error('bad_frame', {n: 100}), {type: 'ack', n: 101, seq: 1}, mine(1, 101));
    assert.deepEqual([page.open, english(page.state.pending[0].why)], [['100 failed'], 'about bad_frame']);
    assert.equal(english(page.taken('keep').at(-1).message.why), 'about bad_frame', 'a reload keeps it');
  });

  test('sent again it goes under a new n, and the old one is forgotten', () => {
    const page = pageWith().submit('a').hear(error('bad_frame', {n: 100}));
    page.effects = [];
    page.do({type: 'retry', n: 100});
    assert.deepEqual(page.open, [`${NOW} sent`]);
    assert.deepEqual(page.taken('forget'), [{type: 'forget', n: 100}]);
  });

  test('sent again the new n is never below the clock, nor below the counter', () => {
    for (const [next, n] of [[100, NOW], [NOW + 7, NOW + 8]]) {
      const page = new Page({next}).join().hear(history([])).submit('a').hear(error('stale_n', {n: next}));
      assert.deepEqual(page.do({type: 'retry', n: next}).open, [`${n} sent`]);
      assert.equal(page.taken('keep').at(-1).next, n + 1, 'a reload goes on behind it');
    }
  });

  test('what is still too large to be sent again says so', () => {
    const page = pageWith().lose().submit('x'.repeat(500)).join({recovered: true, limits: {...LIMITS, message_bytes: 100}});
    page.do({type: 'retry', n: 100});
    assert.deepEqual([page.open, page.notice], [['100 failed'], 'This is still too long for this server.']);
  });

  test('only what was refused can be discarded', () => {
    const page = pageWith().submit('a', 'b').hear(error('bad_frame', {n: 100}));
    page.effects = [];
    page.do({type: 'discard', n: 100}).do({type: 'discard', n: 101});
    assert.deepEqual([page.open, page.taken('forget')], [['101 sent'], [{type: 'forget', n: 100}]]);
  });

  test('too large to be read at all, the largest is not sent again', () => {
    const page = pageWith().submit('a', 'a longer one', 'b').hear(error('too_large')).lose();
    assert.deepEqual(page.open, ['100 queued', '101 failed', '102 queued']);
  });

  test('what a smaller limit forbids after a restart is refused here', () => {
    const page = pageWith().lose().submit('x'.repeat(500)).join({recovered: true, limits: {...LIMITS, message_bytes: 100}});
    assert.deepEqual([page.open, page.frames().some(({type}) => type === 'send')], [['100 failed'], false]);
  });

  test('of several that a smaller limit forbids none goes out', () => {
    const page = pageWith().lose().submit('x'.repeat(500), 'y'.repeat(500), 'z');
    page.join({recovered: true, limits: {...LIMITS, message_bytes: 100}});
    assert.deepEqual(page.open, ['100 failed', '101 failed', '102 sent']);
    assert.deepEqual(page.frames().filter(({type}) => type === 'send').map(({n}) => n), [102]);
  });

  test('one that concerns no message is shown', () => {
    assert.equal(pageWith().hear(error('bad_name')).notice, 'about bad_name');
  });

  test('a refused page of history is asked for again', () => {
    const page = new Page().join({head: 1}).hear(error('rate_limited', {retry_after_ms: 10}));
    page.frames();
    assert.deepEqual(page.do({type: 'resume'}).frames(), [{type: 'history', limit: 50}]);
  });
});

describe('people', () => {
  test('who comes, goes or is renamed', () => {
    const page = new Page().join({members: ['ann', 'bob'], count: 2});
    page.hear({type: 'presence', joined: ['eve'], left: ['bob'], renamed: [{from: 'ann', to: 'Ann'}], count: 2});
    assert.deepEqual([[...page.state.members].sort(), page.state.count], [['Ann', 'eve'], 2]);
  });

  test('a name goes from one to another', () => {
    const page = new Page().join({members: ['ann', 'bob'], count: 2});
    page.hear({type: 'presence', renamed: [{from: 'bob', to: 'ann'}, {from: 'ann', to: 'ann-2'}], count: 2});
    assert.deepEqual([...page.state.members].sort(), ['ann', 'ann-2']);
  });

  test('above limits.members only the count is known', () => {
    const page = new Page().join({members: ['ann', 'bob'], count: 2}).hear({type: 'presence', count: 4});
    assert.deepEqual([page.state.members, page.state.count], [[], 4]);
  });

  test('a new name is asked for, kept, and shown once the server has given it', () => {
    const page = pageWith().do({type: 'rename', name: 'eve'});
    assert.deepEqual(page.frames(), [{type: 'rename', name: 'eve'}]);
    assert.deepEqual(page.taken('remember'), [{type: 'remember', wish: 'eve', guest: 'ann'}]);
    assert.equal(page.state.me.name, 'ann');
    page.hear({type: 'renamed', name: 'eve-2'});
    assert.deepEqual([page.state.me.name, page.state.members, page.notice],
      ['eve-2', ['eve-2'], '“eve” is taken here; you are “eve-2”.']);
  });

  test('another name may come unasked: somebody else had it first', () => {
    const page = pageWith().do({type: 'rename', name: 'eve'}).hear({type: 'renamed', name: 'eve'});
    page.frames();
    page.hear({type: 'renamed', name: 'eve-2'});
    assert.deepEqual([page.state.me.name, page.state.members, page.notice],
      ['eve-2', ['eve-2'], '“eve” is taken here; you are “eve-2”.']);
    assert.deepEqual(page.frames(), []);
  });

  test('a name that was refused for now is asked for again, and a page that was asked for beside it', () => {
    const page = pageWith().do({type: 'rename', name: 'eve'}).submit('a');
    assert.deepEqual(page.frames(), [{type: 'rename', name: 'eve'}]);
    page.hear(error('rate_limited', {retry_after_ms: 10}));
    assert.deepEqual(page.frames(), [], 'paused');
    assert.deepEqual(page.do({type: 'resume'}).frames(), [{type: 'rename', name: 'eve'}]);
    page.hear({type: 'renamed', name: 'eve'});
    assert.deepEqual(page.frames().map(({n}) => n), [100]);
  });

  test('messages go under the name that was the own one when they were written', () => {
    const page = pageWith().submit('a').do({type: 'rename', name: 'eve'}).submit('b').do({type: 'rename', name: 'eva'}).submit('c');
    const sent = () => page.frames().map(({type, n, name}) => (type === 'send' ? n : `${type} ${name}`));
    assert.deepEqual(sent(), [100]);
    page.lose().join({recovered: true, name: 'ann'});
    assert.deepEqual(sent(), ['hello ann', 100]);
    page.hear({type: 'ack', n: 100, seq: 1});
    assert.deepEqual(sent(), ['rename eve']);
    page.hear({type: 'renamed', name: 'eve'});
    assert.deepEqual([sent(), page.state.notice], [[101], '']);
    page.lose().join({recovered: true, name: 'eve'}).hear({type: 'ack', n: 101, seq: 2});
    assert.deepEqual(sent(), ['hello eve', 101, 'rename eva']);
    page.hear(error('bad_name'));
    assert.deepEqual(sent(), [102], 'refused, it goes on');
  });

  test('without a connection a new name waits for the next hello', () => {
    const page = pageWith().lose().do({type: 'rename', name: 'eve'}).do({type: 'opened'});
    assert.deepEqual(page.frames().map(({type, name}) => [type, name]), [['hello', 'eve']]);
  });

  test('typing is told at most every two and a half seconds', () => {
    const page = pageWith();
    for (const now of [0, 100, 2499, 2500]) page.do({type: 'typed', now: NOW + now});
    assert.equal(page.frames().length, 2);
  });

  test('who types is shown until their message, their leave, or four seconds', () => {
    const typing = {type: 'typing', name: 'bob'};
    const shown = (/** @type {Page} */ page) => [...page.state.typing.keys()];
    assert.deepEqual(shown(pageWith().hear(typing)), ['bob']);
    assert.deepEqual(shown(pageWith().hear({...typing, name: 'ann'})), [], 'not ourselves');
    assert.deepEqual(shown(pageWith().hear(typing, message(1))), []);
    assert.deepEqual(shown(pageWith().hear(typing, {type: 'presence', left: ['bob'], count: 1})), []);
    const page = pageWith().hear(typing);
    assert.equal(typingEnds(page.state), NOW + 4000);
    assert.deepEqual(shown(page.do({type: 'tick', now: NOW + 3999})), ['bob']);
    assert.deepEqual(shown(page.do({type: 'tick', now: NOW + 4000})), []);
  });
});

describe('what the server owes', () => {
  test('an answer to a message or a page, and nothing after a loss', () => {
    assert.equal(awaiting(pageWith().state), false);
    assert.equal(awaiting(pageWith().submit('a').state), true);
    assert.equal(awaiting(new Page().join().state), true);
    assert.equal(awaiting(pageWith().submit('a').lose().state), false);
  });

  test('a probe asks for a sign of life and changes nothing', () => {
    const page = pageWith(1, 2).do({type: 'probe'});
    assert.deepEqual(page.frames(), [{type: 'history', after: 2, limit: 1}]);
    assert.equal(awaiting(page.state), true);
    page.hear(history([], {after: 2}));
    assert.deepEqual([awaiting(page.state), page.seqs], [false, [1, 2]]);
  });
});

describe('update', () => {
  test('it leaves the state that it was given as it was', () => {
    const frozen = deepFreeze(pageWith(1, 2).submit('a').state);
    for (const event of [
      {type: 'connecting'}, {type: 'opened'}, {type: 'lost', why: '', retryAt: 1}, {type: 'submit', text: 'b'},
      {type: 'frame', frame: message(3)}, {type: 'frame', frame: mine(3, 100)}, {type: 'frame', frame: welcome({epoch: 'f'})},
      {type: 'frame', frame: {type: 'presence', joined: ['x'], count: 2}}, {type: 'frame', frame: {type: 'typing', name: 'x'}},
      {type: 'frame', frame: error('bad_frame', {n: 100})}, {type: 'older'}, {type: 'newer'}, {type: 'jump'}, {type: 'probe'},
      {type: 'rename', name: 'x'}, {type: 'typed'}, {type: 'resume'}, {type: 'tick'}, {type: 'notice', text: 'x'},
      {type: 'open', cursor: {epoch: 'e', seq: 1}}, {type: 'open', cursor: {epoch: 'e', seq: 9}}, {type: 'attending', attending: false},
      {type: 'search', query: 'm'}, {type: 'hit', step: 1}, {type: 'clear'}, {type: 'unclear'}, {type: 'ignored', names: ['bob']},
    ]) {
      update(frozen, /** @type {any} */ ({now: NOW, ...event}));
    }
  });

  const SEEDS = 200;
  test(`against a server that is cut off, trimmed and wiped at random, ${SEEDS} times: everything once, in one order`, () => {
    for (let seed = 1; seed <= SEEDS; ++seed) {
      try {
        liveThrough(seed);
      } catch (error) {
        error.message = `seed ${seed}: ${error.message}`;
        throw error;
      }
    }
  });

  /** @param {number} seed */
  function liveThrough(seed) {
    const page = new Page();
    const server = new ModelServer(randomFrom(seed), SELF.secret, 'PublicOfAnn');
    const written = server.run(page);
    const {rows, log, pending} = page.state;
    const shown = page.seqs.slice(log.start);
    assert.deepEqual(shown, server.log.slice(server.log.length - shown.length).map(({seq}) => seq), 'the end of the log');
    assert.ok(shown.length >= Math.min(server.kept.length, 50), 'as much of it as a page has');
    assert.equal(new Set(rows.map(({key}) => key)).size, rows.length, 'rows can be told apart');

    const texts = server.logs.map((one) => one.filter(({client}) => client === 'PublicOfAnn').map(({message: text}) => text));
    for (const inOne of texts) assert.deepEqual(inOne, [...new Set(inOne)], 'nothing twice in a log');
    assert.deepEqual([...new Set(texts.flat())].sort(), [...written].sort(), 'everything has arrived');
    const failed = pending.filter(({status}) => status === 'failed').map(({text}) => text);
    assert.equal(failed.length, pending.length, `nothing is waited for: ${page.open}`);
    assert.deepEqual(failed.filter((text) => texts.at(-1)?.includes(text)), [], 'nothing that is there counts as lost');
  }
});

/** @template T @param {T} value @returns {T} */
function deepFreeze(value) {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
