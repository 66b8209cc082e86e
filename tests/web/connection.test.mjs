import assert from 'node:assert/strict';
import {test} from 'node:test';

import {Connection, adviceOf} from '../../web/connection.js';
import {FakeClock} from './support/fake_clock.mjs';
import {fakeSockets} from './support/fake_socket.mjs';
import {error, message, welcome} from './support/frames.mjs';

/** A connection in a world that does nothing by itself. `random` is what the jitter draws. */
function world({random = 0.5} = {}) {
  const clock = new FakeClock();
  const sockets = fakeSockets();
  /** @type {any[]} */
  const events = [];
  const seen = {
    clock, sockets, events, random, awaiting: false,
    connection: new Connection({
      ...clock,
      url: 'ws://chat.test/ws/lobby/',
      WebSocket: sockets,
      random: () => seen.random,
      dispatch: (event) => void events.push(event),
      awaiting: () => seen.awaiting,
    }),
    /** Connects and is welcomed. */
    join() {
      seen.connection.retryNow();
      seen.welcomed();
    },
    welcomed() {
      sockets.latest.open();
      sockets.latest.say(welcome());
    },
    /** Milliseconds that the latest loss asks to wait; null: it does not come back. */
    get delay() {
      const lost = events.filter(({type}) => type === 'lost').at(-1);
      return lost.retryAt === null ? null : lost.retryAt - clock.time;
    },
    types: () => events.map(({type}) => type),
  };
  return seen;
}

test('connect: one socket, with the subprotocol', () => {
  const {connection, sockets, types} = world();
  connection.retryNow();
  connection.retryNow();
  assert.equal(sockets.made.length, 1);
  assert.deepEqual([sockets.latest.url, sockets.latest.protocols], ['ws://chat.test/ws/lobby/', ['chat.v1']]);
  assert.deepEqual(types(), ['connecting']);
  sockets.latest.open();
  assert.deepEqual(types(), ['connecting', 'opened']);
});

test('frames: they are told with the time, unreadable ones are passed over', () => {
  const {join, sockets, events, clock} = world();
  join();
  sockets.latest.say('nonsense');
  sockets.latest.say({type: 'later version'});
  clock.advance(5);
  sockets.latest.say(message(1));
  const frames = events.filter(({type}) => type === 'frame');
  assert.deepEqual(frames.map(({frame}) => frame.type), ['welcome', 'message']);
  assert.equal(frames[1].now, clock.time);
});

test('send: only an open socket takes a frame', () => {
  const {connection, sockets} = world();
  assert.equal(connection.send({type: 'typing'}), false, 'none');
  connection.retryNow();
  assert.equal(connection.send({type: 'typing'}), false, 'connecting');
  sockets.latest.open();
  assert.equal(connection.send({type: 'typing'}), true);
  sockets.latest.lose(1006);
  assert.equal(connection.send({type: 'typing'}), false, 'lost');
  assert.deepEqual(sockets.latest.sent, [{type: 'typing'}]);
});

test('close codes: each range has its advice', () => {
  const table = [
    [1000, 'come back'], [1001, 'come back'], [1006, 'come back'], [1009, 'come back'], [3999, 'come back'],
    [4000, 'stay away'], [4099, 'stay away'], [4100, 'pause'], [4199, 'pause'], [4200, 'come back'], [4999, 'come back'],
  ];
  for (const [code, advice] of table) assert.equal(adviceOf(Number(code)), advice, String(code));
});

test('backoff: full jitter below a bound that doubles up to 30 s', () => {
  const seen = world({random: 0.999999});
  seen.connection.retryNow();
  const delays = [];
  for (let i = 0; i < 9; ++i) {
    seen.sockets.latest.lose(1006);
    delays.push(seen.delay);
    seen.clock.advance(seen.delay ?? 0);
  }
  assert.deepEqual(delays, [499, 999, 1999, 3999, 7999, 15999, 29999, 29999, 29999]);
  seen.random = 0;
  seen.sockets.latest.lose(1006);
  assert.equal(seen.delay, 0, 'the jitter starts at nothing');
});

test('backoff: the next attempt is made at its time, not before', () => {
  const seen = world({random: 0.5});
  seen.join();
  seen.sockets.latest.lose(1006);
  seen.clock.advance(249);
  assert.equal(seen.sockets.made.length, 1);
  seen.clock.advance(1);
  assert.equal(seen.sockets.made.length, 2);
});

test('backoff: it starts again only after a connection that held', () => {
  for (const [held, delay] of [[9_999, 500], [10_000, 250]]) {
    const seen = world({random: 0.5});
    seen.connection.retryNow();
    seen.sockets.latest.lose(1006);
    seen.clock.advance(250);
    seen.welcomed();
    seen.clock.advance(held);
    seen.sockets.latest.lose(1006);
    assert.equal(seen.delay, delay, `held ${held} ms`);
  }
});

test('advice: 4000–4099 end it, until the user asks again', () => {
  const seen = world();
  seen.join();
  seen.sockets.latest.lose(4002);
  assert.deepEqual(seen.events.at(-1), {type: 'lost', why: 'lost.4002', retryAt: null});
  seen.clock.advance(3_600_000);
  assert.equal(seen.sockets.made.length, 1);
  seen.connection.retryNow();
  assert.equal(seen.sockets.made.length, 2);
});

test('advice: 4100–4199 cost a second more', () => {
  const seen = world({random: 0});
  seen.join();
  seen.sockets.latest.lose(4100);
  assert.equal(seen.delay, 1000);
});

test('advice: an error’s retry_after_ms is the least', () => {
  const seen = world({random: 0.5});
  seen.connection.retryNow();
  seen.sockets.latest.lose(1006);
  seen.connection.retryNow();
  seen.welcomed();
  seen.sockets.latest.say(error('rate_exceeded', {retry_after_ms: 7000}));
  seen.sockets.latest.lose(4101);
  assert.equal(seen.delay, 7000 + 500 + 1000);
});

test('closing: the server’s own delay is kept to the millisecond, the first time', () => {
  const seen = world({random: 0.9});
  seen.join();
  seen.clock.advance(60_000);
  seen.sockets.latest.say({type: 'closing', reconnect_after_ms: 1234});
  seen.clock.advance(234);
  seen.sockets.latest.lose(4200);
  assert.equal(seen.delay, 1000);
  assert.equal(seen.events.at(-1).why, 'lost.4200');
  seen.clock.advance(1000);
  seen.sockets.latest.lose(1006);
  assert.equal(seen.delay, 900, 'a server that is not back gets the backoff');
});

test('why: an unknown code is told in the server’s words', () => {
  const seen = world();
  seen.join();
  seen.sockets.latest.say(error('from_the_future'));
  seen.sockets.latest.lose(4150);
  assert.deepEqual(seen.events.at(-1).why, {key: 'code.from_the_future', text: 'about from_the_future'});
});

test('silence: a connection that is not welcomed in 15 s is given up', () => {
  const seen = world({random: 0});
  seen.connection.retryNow();
  seen.sockets.latest.open();
  seen.clock.advance(14_999);
  assert.equal(seen.sockets.latest.closed, false);
  seen.clock.advance(1);
  assert.equal(seen.sockets.made[0].closed, true);
  assert.equal(seen.events.filter(({type}) => type === 'lost').length, 1);
});

test('silence: while nothing is owed nobody watches', () => {
  const seen = world();
  seen.join();
  seen.clock.advance(15_000);
  assert.equal(seen.clock.untilNext, null);
  seen.clock.advance(86_400_000);
  assert.equal(seen.sockets.latest.closed, false);
});

test('silence: an answer that is owed is waited for 15 s from the last word', () => {
  const seen = world();
  seen.join();
  seen.clock.advance(20_000);
  seen.awaiting = true;
  seen.connection.send({type: 'send', n: 1, message: 'x'});
  seen.clock.advance(10_000);
  seen.sockets.latest.say(message(1));
  seen.clock.advance(14_999);
  assert.equal(seen.sockets.made[0].closed, false, 'it was heard in between');
  seen.clock.advance(1);
  assert.equal(seen.sockets.made[0].closed, true);
});

test('late words of a socket that was given up do not count', () => {
  const seen = world({random: 0.5});
  seen.connection.retryNow();
  seen.clock.advance(15_000);
  const [old] = seen.sockets.made;
  const before = seen.events.length;
  old.open();
  old.say(welcome());
  old.lose(4002);
  assert.equal(seen.events.length, before);
  seen.clock.advance(250);
  assert.equal(seen.sockets.made.length, 2, 'the planned attempt stands');
});

test('retryNow: it takes the place of the planned attempt', () => {
  const seen = world({random: 0.9});
  seen.connection.retryNow();
  seen.sockets.latest.lose(1006);
  seen.connection.retryNow();
  seen.clock.advance(10_000);
  assert.equal(seen.sockets.made.length, 2);
});
