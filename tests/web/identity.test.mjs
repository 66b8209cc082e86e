import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Identity, claimByAsking, claimByLock, makeSecret, memoryStore} from '../../web/identity.js';
import {FakeClock} from './support/fake_clock.mjs';

const NOW = 1_700_000_000_000;
const ours = async () => true;
const taken = async () => false;

/** A browser's tab and what its reloads share. */
function tabOf({tab = memoryStore(), browser = memoryStore(), now = NOW} = {}) {
  let filled = 0;
  return {
    tab, browser,
    /** Loads a page. @param {{claim?: (secret: string) => Promise<boolean>, room?: string}} [how] */
    load({claim = ours, room = 'lobby'} = {}) {
      return new Identity({
        room, tab, browser, now: () => now, fill: (bytes) => void bytes.fill(++filled),
      }).open(claim);
    },
  };
}

/** A copy of everything in `store`. @param {import('../../web/identity.js').Store} store */
function copyOf(store) {
  const copy = memoryStore();
  for (let i = 0; i < store.length; ++i) {
    const key = /** @type {string} */ (store.key(i));
    copy.setItem(key, /** @type {string} */ (store.getItem(key)));
  }
  return copy;
}

/** A store that refuses what `refuses` says. @param {(method: string) => boolean} refuses */
function brokenStore(refuses) {
  return /** @type {any} */ (new Proxy(memoryStore(), {
    get(store, key) {
      if (refuses(String(key))) throw new Error('QuotaExceededError');
      return Reflect.get(store, key);
    },
  }));
}

test('a secret is 24 characters, each as likely as the others', () => {
  const secret = makeSecret((bytes) => bytes.forEach((_, i) => (bytes[i] = i * 11)));
  assert.match(secret, /^[A-Za-z0-9_-]{24}$/);
  const all = new Set();
  for (let value = 0; value < 256; ++value) all.add(makeSecret((bytes) => void bytes.fill(value))[0]);
  assert.equal(all.size, 64);
});

test('a reload is the same client, with the same unsent messages in order', async () => {
  const {load} = tabOf();
  const first = await load();
  first.keep({n: NOW + 1, text: 'b', at: 2}, NOW + 2);
  first.keep({n: NOW, text: 'a', at: 1, why: 'refused'}, NOW + 2);
  const again = await load();
  assert.equal(again.secret, first.secret);
  assert.deepEqual(again.unsent, [{n: NOW, text: 'a', at: 1, why: 'refused'}, {n: NOW + 1, text: 'b', at: 2, why: undefined}]);
  assert.equal(again.next, NOW + 2);
});

test('what was delivered is not found again', async () => {
  const {load} = tabOf();
  const first = await load();
  first.keep({n: NOW, text: 'a', at: 1}, NOW + 1);
  first.forget(NOW);
  assert.deepEqual((await load()).unsent, []);
});

test('n is never used twice, even when a crash brings back an old counter', async () => {
  const tab = memoryStore();
  const first = await tabOf({tab}).load();
  first.keep({n: first.next, text: 'a', at: 1}, first.next + 1);
  const old = copyOf(tab);
  first.keep({n: first.next, text: 'b', at: 1}, first.next + 1);
  const restored = await tabOf({tab: old, now: NOW + 1000}).load();
  assert.ok(restored.next >= first.next, `${restored.next} after ${first.next}`);
});

test('a duplicated tab becomes somebody else, without its twin’s messages', async () => {
  const tab = memoryStore();
  const first = await tabOf({tab}).load();
  first.keep({n: NOW, text: 'a', at: 1}, NOW + 1);
  const second = await new Identity({
    room: 'lobby', tab: copyOf(tab), browser: memoryStore(), now: () => NOW, fill: (bytes) => void bytes.fill(99),
  }).open(taken);
  assert.notEqual(second.secret, first.secret);
  assert.deepEqual(second.unsent, []);
});

test('rooms do not share secrets or messages, but the chosen name', async () => {
  const {load} = tabOf();
  const lobby = await load();
  lobby.keep({n: NOW, text: 'a', at: 1}, NOW + 1);
  lobby.remember('ann', '');
  const attic = await load({room: 'attic'});
  assert.notEqual(attic.secret, lobby.secret);
  assert.deepEqual([attic.unsent, attic.wish], [[], 'ann']);
});

test('a tab keeps its own name when another one chooses another', async () => {
  const browser = memoryStore();
  const [one, two] = [tabOf({browser}), tabOf({browser})];
  (await one.load()).remember('ann', '');
  (await two.load()).remember('bob', '');
  assert.deepEqual([(await one.load()).wish, (await two.load()).wish], ['ann', 'bob']);
  assert.equal((await tabOf({browser}).load()).wish, 'bob');
});

test('a guest’s name stays with the tab', async () => {
  const {load, browser} = tabOf();
  (await load()).remember('', 'guest-7');
  assert.equal((await load()).guest, 'guest-7');
  assert.equal((await tabOf({browser}).load()).guest, '');
});

test('nonsense in the storage is a new beginning', async () => {
  for (const self of ['', 'nonsense', 'null', '[]', '{"secret":7,"next":1}', '{"secret":"x","next":"1"}']) {
    const tab = memoryStore();
    tab.setItem('chat.v1:lobby:self', self);
    tab.setItem('chat.v1:lobby:unsent:1', '{"n":1,"text":"a"}');
    const identity = await tabOf({tab}).load();
    assert.match(identity.secret, /^[A-Za-z0-9_-]{24}$/, self);
    assert.deepEqual(identity.unsent, [], self);
  }
});

test('unsent messages that cannot be read are passed over', async () => {
  const {load, tab} = tabOf();
  await load();
  for (const [n, kept] of [[1, 'nonsense'], [2, '{"n":"2","text":"a"}'], [3, '{"n":3,"text":7}'], [4, '{"n":4,"text":"d"}']]) {
    tab.setItem(`chat.v1:lobby:unsent:${n}`, String(kept));
  }
  assert.deepEqual((await load()).unsent.map(({n}) => n), [4]);
});

test('a browser that stores nothing still has a client, and says so', async () => {
  for (const refuses of [(/** @type {string} */ method) => method === 'setItem', () => true]) {
    const store = brokenStore(refuses);
    const identity = await tabOf({tab: store, browser: store}).load();
    assert.match(identity.secret, /^[A-Za-z0-9_-]{24}$/);
    identity.keep({n: 1, text: 'a', at: 1}, 2);
    identity.forget(1);
    assert.equal(identity.keeps, false);
  }
});

test('where there is no storage it is as if it were refused', async () => {
  const identity = new Identity({room: 'lobby', tab: null, browser: null, now: () => NOW, fill: () => {}});
  assert.equal(identity.keeps, false);
  await identity.open(ours);
  identity.keep({n: NOW, text: 'a', at: 1}, NOW + 1);
  assert.equal((await identity.open(ours)).next, NOW + 1, 'within the page it is remembered');
});

test('a name that could not be kept for other tabs is no loss to this one', async () => {
  const identity = await tabOf({browser: brokenStore((method) => method === 'setItem')}).load();
  identity.remember('ann', '');
  assert.equal(identity.keeps, true);
});

// ---- claims

test('by a lock: who holds it has the secret, the others are told in time', async () => {
  /** @type {Map<string, unknown>} */
  const held = new Map();
  const locks = /** @type {any} */ ({
    /** @param {string} name @param {{signal: AbortSignal}} options @param {() => unknown} run */
    request: (name, {signal}, run) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      if (!held.has(name)) held.set(name, run());
    }),
  });
  const claim = claimByLock(locks);
  assert.equal(await claim('one'), true);
  assert.equal(await claim('two'), true);
  assert.equal(await claim('one'), false);
});

/** Pages that hear each other. */
function air() {
  const clock = new FakeClock();
  /** @type {any[]} */
  const channels = [];
  return {
    clock,
    /** A page that draws `number`. @param {number} number */
    page(number) {
      const channel = {
        onmessage: /** @type {any} */ (null),
        /** @param {unknown} data */
        postMessage(data) {
          for (const other of channels) if (other !== channel) other.onmessage?.({data});
        },
      };
      channels.push(channel);
      return claimByAsking(/** @type {any} */ (channel), () => number, clock.setTimeout);
    },
  };
}

test('by asking: alone it is ours, once nobody has answered', async () => {
  const {clock, page} = air();
  const claim = page(0.5)('one');
  clock.advance(300);
  assert.equal(await claim, true);
});

test('by asking: a page that has it keeps it, whatever the numbers', async () => {
  for (const [holder, asker] of [[0.1, 0.9], [0.9, 0.1]]) {
    const {clock, page} = air();
    const first = page(holder)('one');
    clock.advance(300);
    await first;
    const second = page(asker)('one');
    clock.advance(300);
    assert.deepEqual([await first, await second], [true, false]);
  }
});

test('by asking: of two at once exactly one has it', async () => {
  for (const [one, two] of [[0.1, 0.9], [0.9, 0.1]]) {
    const {clock, page} = air();
    const claims = [page(one)('one')];
    clock.advance(100);
    claims.push(page(two)('one'));
    clock.advance(300);
    assert.equal((await Promise.all(claims)).filter(Boolean).length, 1, `${one} and ${two}`);
  }
});

test('by asking: another secret is no concern of ours', async () => {
  const {clock, page} = air();
  const claims = [page(0.1)('one'), page(0.9)('two')];
  clock.advance(300);
  assert.deepEqual(await Promise.all(claims), [true, true]);
});
