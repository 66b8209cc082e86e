// One room, and every way to be in it at once: the page in Chromium, `chat join` in a terminal, `chat tail` and `chat send`
// in pipes, and a client of the tutorial on the npm package ws. What one of them sees, all see, in the same order.

import assert from 'node:assert/strict';
import {afterEach} from 'node:test';

import {PlainClient} from './support/plain_client.mjs';
import {stage} from './support/stage.mjs';
import {Terminal} from './support/terminal.mjs';
import {Verb} from './support/verb.mjs';

const scene = stage();
const {test, member} = scene;

const EACH = 100;
const WRITERS = ['page', 'terminal', 'plain', 'script'];
/** How far a writer may be ahead of what the tail has of any other: all write all the time. */
const AHEAD = 10;
const SAID = new RegExp(`(?:${WRITERS.join('|')}) \\d+$`);
const PATIENCE_MS = 40_000;

/** @typedef {import('./support/chromium.mjs').Person} Person */

/** What the room's tail prints, and who waits for it. */
class Log {
  /** @type {string[]} */
  texts = [];
  /** @type {{ready: () => boolean, wake: () => void}[]} */
  waiting = [];

  /** @param {string} line of `chat tail --json` */
  add(line) {
    this.texts.push(JSON.parse(line).message);
    this.waiting = this.waiting.filter(({ready, wake}) => !ready() || wake());
  }

  /** @param {string} writer */
  countOf(writer) {
    return this.texts.filter((text) => text.startsWith(`${writer} `)).length;
  }

  /** Waits until it is so. @param {() => boolean} ready @param {string} what @returns {Promise<void>} */
  until(ready, what) {
    if (ready()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const counts = WRITERS.map((writer) => `${writer} ${this.countOf(writer)}`);
        reject(new Error(`${what}: it never came; of each there are ${counts.join(', ')}`));
      }, PATIENCE_MS);
      this.waiting.push({ready, wake: () => void (clearTimeout(timer), resolve())});
    });
  }
}

/** Holds that two read the same. @param {string[]} read @param {string[]} wanted @param {string} who */
function expectSame(read, wanted, who) {
  const at = wanted.findIndex((text, i) => text !== read[i]);
  if (at < 0 && read.length === wanted.length) return;
  const from = Math.max(0, (at < 0 ? wanted.length : at) - 3);
  const part = (/** @type {string[]} */ texts) => texts.slice(from, from + 10).join(', ');
  assert.fail(`${who} read ${read.length} messages, not ${wanted.length}; from ${from} on: ${part(read)}; expected: ${part(wanted)}`);
}

/** Holds that all that was read is in `wanted`, in that order, once. @param {string[]} read @param {string[]} wanted @param {string} who */
function expectWithin(read, wanted, who) {
  const order = new Map(wanted.map((text, i) => [text, i]));
  let last = -1;
  for (const text of read) {
    const at = order.get(text) ?? -1;
    assert.ok(at > last, `${who} read ${text} behind ${wanted[last]}; in the room it is the ${at}th, the other the ${last}th`);
    last = at;
  }
}

/** @param {string} writer */
const all = (writer) => Array.from({length: EACH}, (_, i) => `${writer} ${i}`);

/** @param {string[]} texts @param {string} writer */
const of = (texts, writer) => texts.filter((text) => text.startsWith(`${writer} `));

/** What a person reads from the first message on, by scrolling. @param {Person} who @param {string[]} ends the first and the last text */
async function readThrough({page}, [first, last]) {
  /** Scrolls until the first, or last, text that is shown is this, or another than that. */
  const scroll = (/** @type {{top: number, at: number, text: string, other: boolean}} */ how) =>
    page.waitForFunction(({top, at, text, other}) => {
      const log = /** @type {Element} */ (document.querySelector('#chat-log'));
      log.scrollTop = top;
      return ([...log.querySelectorAll('.message .text')].at(at)?.textContent === text) !== other;
    }, how);
  const shown = () => page.locator('.message').evaluateAll((nodes) => nodes.map((node) => ({
    cursor: String(node.querySelector('.at')?.getAttribute('href')), text: String(node.querySelector('.text')?.textContent),
  })));
  await scroll({top: 0, at: 0, text: first, other: false});
  const read = await shown();
  while (read.at(-1)?.text !== last) {
    await scroll({top: 1e9, at: -1, text: String(read.at(-1)?.text), other: true});
    const more = await shown();
    const known = more.findIndex(({cursor}) => cursor === read.at(-1)?.cursor);
    assert.ok(known >= 0, `${more[0].text} … does not follow ${read.at(-1)?.text}`);
    read.push(...more.slice(known + 1));
  }
  return read.map(({text}) => text);
}

/** What the terminal shows, once nothing waits in it. @param {Terminal} terminal @param {string} last its last text */
async function readScreen(terminal, last) {
  const lines = await terminal.until((now) => !now.some((line) => /\((sending…|not sent yet)\)$/.test(line))
    && now.filter((line) => SAID.test(line)).at(-1)?.match(SAID)?.[0] === last, `${last} is the last message`);
  return lines.flatMap((line) => SAID.exec(line) ?? []);
}

/** Who is in the room of a scenario. @type {{terminal?: Terminal, plain?: PlainClient, tail?: Verb, script?: Verb}} */
let guests = {};

afterEach(async () => {
  const {terminal, plain, tail, script} = guests;
  guests = {};
  await Promise.all([terminal?.close(), plain?.leave(), tail?.kill(), script?.kill()]);
});

/** The texts of the room as the server has them. @returns {Promise<string[]>} */
async function kept() {
  const out = await scene.server.run(['history', 'lobby', '--json', '-n', '1000']);
  return out.trim().split('\n').map((line) => JSON.parse(line).message);
}

/** All of them, in the room. */
async function gather() {
  const address = `127.0.0.1:${scene.server.port}`;
  const log = new Log();
  const url = ['--url', `ws://${address}`];
  const tail = (guests.tail = new Verb(['tail', 'lobby', '--json', '--since', 'all', ...url], (line) => log.add(line)));
  const script = (guests.script = new Verb(['send', 'lobby', '-', '--name', 'cat', '--timeout', '60s', ...url]));
  const plain = (guests.plain = new PlainClient(`ws://${address}/ws/lobby/`));
  const join = [String(process.env.CHAT_BIN), 'join', 'lobby', '--name', 'bob', ...url];
  const terminal = (guests.terminal = await Terminal.open(join, {columns: 200, lines: 500}));
  const ann = await member('ann');
  await plain.here();
  await terminal.shows('5 members');
  await ann.page.waitForFunction(() => document.querySelector('#people-count')?.textContent === '5');
  return {log, tail, script, plain, terminal, ann};
}

/**
 * All write, at the same time. @param {Awaited<ReturnType<typeof gather>>} guests
 * @param {string[]} paced those that the others wait for: what they write comes
 */
async function allWrite({log, script, plain, terminal, ann}, paced) {
  /** @type {[string, (text: string) => unknown][]} */
  const writers = [
    ['page', (text) => ann.say(text)], ['terminal', (text) => terminal.enter(text)],
    ['plain', (text) => plain.say(text)], ['script', (text) => script.write(text)],
  ];
  await Promise.all(writers.map(async ([writer, say]) => {
    for (const [i, text] of all(writer).entries()) {
      await log.until(() => paced.every((other) => log.countOf(other) >= i - AHEAD), `those before ${text}`);
      await say(text);
    }
  }));
}

test('all write and read in one room: the same messages in the same order, each once', async () => {
  const here = await gather();
  const {log, script, plain, terminal, ann} = here;
  await allWrite(here, WRITERS);
  await script.finish();
  await log.until(() => log.texts.length >= EACH * WRITERS.length, 'all messages');
  const room = await kept();
  const last = String(room.at(-1));
  for (const writer of WRITERS) assert.deepEqual(of(room, writer), all(writer), 'in the room');
  expectSame(await readThrough(ann, [room[0], last]), room, 'the page');
  expectSame(await readScreen(terminal, last), room, 'the terminal');
  expectSame(log.texts, room, 'the tail');
  await plain.reads(last);
  expectSame(plain.read, room, 'the plain one');
});

test('the server is killed in the middle: who speaks chat.v1 misses nothing, the plain one reads on', async () => {
  const here = await gather();
  const {log, script, plain, terminal, ann} = here;
  const safe = WRITERS.filter((writer) => writer !== 'plain');
  const written = allWrite(here, safe);
  await log.until(() => safe.every((writer) => log.countOf(writer) >= EACH / 2), 'the middle');
  await scene.server.kill();
  const before = plain.read.length;
  await scene.server.restart();
  await written;
  await script.finish();
  await log.until(() => [...safe, 'plain'].every((writer) => log.texts.includes(`${writer} ${EACH - 1}`)), 'the last of each');
  const room = await kept();
  const last = String(room.at(-1));
  for (const writer of safe) assert.deepEqual(of(room, writer), all(writer), 'in the room');
  expectWithin(of(room, 'plain'), all('plain'), 'the room of the plain one');
  expectSame(await readThrough(ann, [room[0], last]), room, 'the page');
  expectSame(await readScreen(terminal, last), room, 'the terminal');
  expectSame(log.texts, room, 'the tail');
  await plain.reads(last);
  expectWithin(plain.read, room, 'the plain one');
  assert.equal(plain.visits, 2);
  assert.ok(plain.read.length > before, 'the plain one read on');
});
