// What a scenario in Chromium happens on: one browser, a server of its own for each, people who come and go.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, afterEach, before, beforeEach, test as nodeTest} from 'node:test';

import {ChatServer} from './chat_server.mjs';
import {Person, launch} from './chromium.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** For the tests of the file that calls it. */
export function stage() {
  /** @type {import('playwright-core').Browser} */
  let browser;
  /** @type {Person[]} */
  let people = [];
  let data = '';
  const scene = {
    server: /** @type {ChatServer} */ (/** @type {unknown} */ (null)),

    /** A scenario, bounded in time. @param {string} name @param {() => Promise<void>} run */
    test: (name, run) => nodeTest(name, {timeout: 60_000}, run),

    /** @param {Parameters<typeof Person.create>[1]} [how] */
    person: async (how) => {
      const one = await Person.create(browser, how);
      people.push(one);
      return one;
    },

    /** Somebody of this name, in a room. @param {string} name @param {string} [room] */
    member: async (name, room = 'lobby') => (await scene.person({name})).enter(scene.server.origin, room),
  };

  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'chat-page-'));
    scene.server = await ChatServer.start('--data', data);
  });
  afterEach(async () => {
    const complaints = people.flatMap((one) => one.complaints);
    await Promise.all(people.map(({context}) => context.close()));
    people = [];
    await scene.server.kill();
    await rm(data, {recursive: true, force: true});
    assert.deepEqual(complaints, [], 'what the browser complained about');
  });
  return scene;
}

/** What axe has to say about what `page` shows. @param {import('playwright-core').Page} page @returns {Promise<string[]>} */
export async function violationsOn(page) {
  await page.evaluate(AXE);
  const {violations} = await page.evaluate(() => /** @type {any} */ (window).axe.run());
  return violations.map((/** @type {any} */ {id, nodes}) => `${id}: ${nodes.map((/** @type {any} */ node) => node.html).join(' ')}`);
}
