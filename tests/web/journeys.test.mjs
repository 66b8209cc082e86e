// What a person does in the page over an afternoon, in Chromium on the real server: rooms in tabs, what is unread,
// commands, links, search, very many messages, other languages. Waits are for what is to be seen, and bounded.

import assert from 'node:assert/strict';

import {stage, violationsOn} from './support/stage.mjs';

const scene = stage();
const {test, person, member} = scene;

/** @typedef {import('./support/chromium.mjs').Person} Person */

/** Somebody else writes. @param {string} message @param {string} [name] @param {string} [room] */
const post = (message, name = 'bob', room = 'lobby') => scene.server.post(room, JSON.stringify({message, name}));

/** Puts `count` messages into a room, `old 0` first. @param {number} count @param {string} [room] */
async function fill(count, room = 'lobby') {
  const lines = Array.from({length: count}, (_, i) => `old ${i}`).join('\n');
  await scene.server.run(['send', room, '-', '--name', 'bob'], `${lines}\n`);
}

/** @param {Person} who */
const problem = (who) => who.page.locator('#composer-problem');

/** @param {Person} who @param {string} text */
const scrollTo = (who, text) => who.page.locator('.message', {hasText: text}).first().evaluate((node) => node.scrollIntoView());

// ---- rooms

test('rooms in tabs: each goes on while another is shown, a reload keeps them, /part leaves', async () => {
  const [ann, bob] = [await member('ann'), await member('bob', 'harbour')];
  await ann.join('harbour');
  await bob.page.locator('#people-list', {hasText: 'ann'}).waitFor();
  const tabs = ann.page.locator('#tab-list a');
  assert.deepEqual(await tabs.evaluateAll((nodes) => nodes.map((node) => node.textContent)), ['lobby', 'harbour']);
  await ann.input.pressSequentially('half written');

  await post('while away');
  await tabs.filter({hasText: 'lobby'}).locator('.badge', {hasText: '1'}).waitFor();
  await ann.titled('(1) harbour · chat');
  await tabs.filter({hasText: 'lobby'}).click();
  await ann.sees('while away');
  await ann.titled('lobby · chat');
  assert.match(ann.page.url(), /\/lobby\/$/);
  assert.equal(await ann.input.inputValue(), '');
  await ann.page.goBack();
  await ann.shows('harbour');
  assert.equal(await ann.input.inputValue(), 'half written', 'each room has its own input');

  await ann.page.reload();
  await ann.phase('connected');
  await tabs.nth(1).waitFor();
  assert.deepEqual(await tabs.evaluateAll((nodes) => nodes.map((node) => [node.textContent, node.ariaCurrent])), [['lobby', null], ['harbour', 'page']]);
  await ann.say('/part');
  await ann.page.waitForURL(/\/lobby\/$/);
  await bob.page.waitForFunction(() => document.querySelector('#people-count')?.textContent === '1');
  assert.equal(await ann.page.locator('#tabs').isVisible(), false);
  await ann.say('/part');
  await problem(ann).filter({hasText: 'only open room'}).waitFor();

  await ann.input.fill('');
  await ann.join('harbour');
  await ann.say('back again');
  await bob.sees('back again');
});

test('rooms to go to: where one was, and what the server has', async () => {
  await post('x', 'bob', 'harbour');
  const ann = await member('ann', 'attic');
  await ann.page.locator('#rooms-open').click();
  const dialog = ann.page.locator('#rooms');
  await dialog.locator('#listed-list a', {hasText: 'harbour'}).waitFor();
  await dialog.locator('#room-name-input').fill('a b');
  await dialog.locator('#room-name-input').press('Enter');
  await dialog.locator('#room-problem', {hasText: 'only letters'}).waitFor();
  await ann.page.keyboard.press('Escape');
  await dialog.waitFor({state: 'hidden'});
  await ann.say('/rooms');
  await dialog.locator('#listed-list a', {hasText: 'harbour'}).click();
  await dialog.waitFor({state: 'hidden'});
  await ann.sees('x');
  await ann.page.goto(scene.server.origin);
  const recent = ann.page.locator('#recent-list a');
  assert.deepEqual(await recent.allTextContents(), ['harbour', 'attic']);
  await recent.filter({hasText: 'attic'}).click();
  await ann.phase('connected');
});

test('by keys one goes to the next open room, and with Shift to the next with something new', async () => {
  const ann = await member('ann');
  for (const room of ['harbour', 'attic']) await ann.join(room);
  const press = async (/** @type {string} */ keys, /** @type {string} */ room) => {
    await ann.page.keyboard.press(keys);
    await ann.shows(room);
  };
  await ann.input.pressSequentially('half written');
  await press('Alt+ArrowDown', 'lobby');
  await press('Alt+ArrowUp', 'attic');
  await press('Alt+ArrowUp', 'harbour');
  await post('for you', 'bob', 'attic');
  await ann.page.locator('#tab-list a', {hasText: 'attic'}).locator('.badge').waitFor();
  await press('Alt+Shift+ArrowUp', 'attic');
  await ann.sees('for you');
  assert.equal(await ann.input.inputValue(), 'half written');
  await ann.titled('attic · chat');
  await ann.page.keyboard.press('Alt+Shift+ArrowUp');
  await press('Alt+ArrowUp', 'harbour');
});

/** Somebody whose rooms open only when they may: not from `hold()` on, until `release()`. @param {boolean} [held] from the first on */
async function patient(held = false) {
  const ann = await person({name: 'ann'});
  await ann.context.addInitScript((heldAtOnce) => {
    const page = /** @type {any} */ (window);
    const {request} = LockManager.prototype;
    LockManager.prototype.request = /** @type {any} */ (async function (/** @type {any} */ ...given) {
      await page.held;
      return /** @type {any} */ (request).apply(navigator.locks, given);
    });
    page.hold = () => void (page.held = new Promise((resolve) => (page.release = resolve)));
    if (heldAtOnce) page.hold();
  }, held);
  const call = (/** @type {string} */ name) => ann.page.evaluate((which) => /** @type {any} */ (window)[which](), name);
  return {ann, hold: () => call('hold'), release: () => call('release')};
}

/** What the server has of a room. @param {string} room */
const said = async (room) => (await scene.server.messages(room)).map(({message}) => message);

test('what is typed while a room opens is for that room, and what is sent goes there', async () => {
  const {ann, hold, release} = await patient();
  await ann.enter(scene.server.origin);
  await ann.input.pressSequentially('for the lobby');
  await hold();
  await ann.page.locator('#rooms-open').click();
  await ann.page.locator('#room-name-input').fill('attic');
  await ann.page.locator('#room-name-input').press('Enter');
  await ann.page.waitForURL(/\/attic\/$/);
  assert.equal(await ann.input.inputValue(), '');
  await ann.page.keyboard.type('said early');
  await ann.page.keyboard.press('Enter');
  await ann.say('/me waved early');
  await ann.say('/nosuch');
  await ann.say('/nick');
  await ann.input.pressSequentially('half written');
  await release();
  await ann.sees('said early');
  await problem(ann).filter({hasText: 'name'}).waitFor();
  assert.equal(await ann.input.inputValue(), 'half written\n/nosuch', 'what was not sent is a draft again');
  await ann.settled();
  assert.deepEqual(await said('attic'), ['said early', '/me waved early']);
  assert.deepEqual(await said('lobby'), []);
  await ann.page.keyboard.press('Alt+ArrowDown');
  await ann.shows('lobby');
  assert.equal(await ann.input.inputValue(), 'for the lobby');
});

test('a room that was left before it opened gets what was sent, and no commands', async () => {
  const {ann, hold, release} = await patient();
  await ann.enter(scene.server.origin);
  await ann.join('harbour');
  await hold();
  await ann.say('/join attic');
  await ann.say('said early');
  await ann.say('/clear');
  await ann.page.goBack();
  await ann.page.waitForURL(/\/harbour\/$/);
  await ann.say('said here');
  await ann.sees('said here');
  await release();
  await ann.page.locator('#tab-list a', {hasText: 'attic'}).waitFor();
  assert.equal(await ann.page.locator('#room-name').textContent(), 'harbour');
  await scene.server.run(['tail', 'attic', '--since', 'all', '--count', '1', '--wait', '20s', '--retry']);
  assert.deepEqual(await said('harbour'), ['said here']);
  await ann.page.locator('#tab-list a', {hasText: 'attic'}).click();
  await ann.sees('said early');
  assert.equal(await ann.input.inputValue(), '');
});

test('what is submitted before the first room is open is sent when it is', async () => {
  const {ann, release} = await patient(true);
  await ann.page.goto(`${scene.server.origin}/lobby/`);
  await ann.say('said early');
  await release();
  await ann.sees('said early');
});

test('/quit leaves all rooms for the page that picks one, and does not open them again', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.join('harbour');
  await bob.page.locator('#people-list', {hasText: 'ann'}).waitFor();
  await ann.say('/quit');
  await ann.page.waitForURL(`${scene.server.origin}/`);
  await ann.page.locator('#recent-list a', {hasText: 'harbour'}).waitFor();
  await bob.page.waitForFunction(() => document.querySelector('#people-count')?.textContent === '1');
  await ann.enter(scene.server.origin, 'attic');
  assert.equal(await ann.page.locator('#tabs').isVisible(), false);
});

// ---- what is new

test('unread: counted in title and icon, a line above it, until it was seen and answered', async () => {
  const ann = await member('ann');
  await post('seen');
  await ann.sees('seen');
  await ann.look(true);
  await post('one');
  await post('two');
  await ann.titled('(2) lobby · chat');
  assert.equal(await ann.page.locator('#icon').getAttribute('href'), '../assets/unread_2.svg');
  const below = await ann.page.locator('.line + .message .text').textContent();
  assert.equal(below, 'one');
  for (const icon of ['unread_2', 'unread_many']) {
    const answer = await ann.page.request.get(`${scene.server.origin}/assets/${icon}.svg`);
    assert.deepEqual([answer.status(), answer.headers()['content-type']], [200, 'image/svg+xml']);
  }
  await ann.look(false);
  await ann.titled('lobby · chat');
  assert.equal(await ann.page.locator('#icon').getAttribute('href'), '../assets/favicon.svg');
  assert.equal(await ann.page.locator('.line').count(), 1);
  await ann.say('answered');
  await ann.page.locator('.line').waitFor({state: 'detached'});
  await ann.sees('answered');
  await ann.settled();

  await ann.page.goto(scene.server.origin);
  await post('three');
  await ann.enter(scene.server.origin);
  await ann.sees('three');
  assert.equal(await ann.page.locator('.line + .message .text').textContent(), 'three', 'the next visit knows what is new');
});

/** Where the line is and whether a message is in sight: as one sees it at the top of the log. @param {Person} who */
const opensAt = (who) => who.page.waitForFunction(() => {
  const log = document.querySelector('#chat-log')?.getBoundingClientRect();
  const line = document.querySelector('.line');
  const at = line?.getBoundingClientRect();
  const above = line?.previousElementSibling?.getBoundingClientRect();
  if (!log || !at || !above) return false;
  return above.top >= log.top - 1 && at.bottom <= log.top + log.height / 2;
});

/** What stands right below the line. @param {Person} who */
const firstNew = (who) => who.page.locator('.line + .message .text').textContent();

/** Scrolls until the last message that is in sight is this one. @param {Person} who @param {string} text */
const readTo = (who, text) => who.page.waitForFunction((wanted) => {
  const log = /** @type {Element} */ (document.querySelector('#chat-log'));
  const node = [...document.querySelectorAll('.message')].find((one) => one.querySelector('.text')?.textContent === wanted);
  if (node) node.scrollIntoView({block: 'end'});
  else log.scrollTop += log.clientHeight / 2;
  return node !== undefined;
}, text);

for (const count of [45, 400]) {
  test(`${count} unread messages: the room opens at the line above them, is read on from there, also on the next visit`, async () => {
    await fill(10);
    const ann = await member('ann');
    await ann.sees('old 9');
    await ann.page.goto(scene.server.origin);
    const lines = Array.from({length: count}, (_, i) => `new ${i}`).join('\n');
    await scene.server.run(['send', 'lobby', '-', '--name', 'bob'], `${lines}\n`);
    await ann.enter(scene.server.origin);
    await opensAt(ann);
    assert.equal(await firstNew(ann), 'new 0');
    const jump = ann.page.locator('#jump:visible');
    const left = async () => Number(/\d+/.exec(String(await jump.textContent())));
    const first = await left();
    assert.ok(first < count && first > count - 40, `${first} of ${count} are left`);

    await readTo(ann, 'new 40');
    await jump.filter({hasText: `${count - 41} new message`}).waitFor();
    await ann.titled(`(${count - 41}) lobby · chat`);
    await ann.page.goto(scene.server.origin);
    await ann.enter(scene.server.origin);
    await ann.sees('new 41');
    assert.equal(await firstNew(ann), 'new 41', 'reading goes on where it stopped');
    if (count > 100) await opensAt(ann);

    await ann.page.keyboard.press('Escape');
    await ann.sees(`new ${count - 1}`);
    await ann.page.locator('#jump').waitFor({state: 'hidden'});
    await ann.titled('lobby · chat');
    await ann.page.reload();
    await ann.sees(`new ${count - 1}`);
    assert.equal(await ann.page.locator('#jump').isVisible(), false, 'what is read opens at its end');
    assert.equal(await ann.page.locator('.line').count(), 0);
  });
}

test('unread in another tab: it opens at the line too, once; a link opens at its message all the same', async () => {
  await fill(10);
  const ann = await member('ann');
  await ann.sees('old 9');
  await ann.page.locator('.message', {hasText: /old 3$/}).hover();
  const link = String(await ann.page.locator('.message', {hasText: /old 3$/}).locator('a.at').getAttribute('href'));
  await ann.join('harbour');
  const lines = Array.from({length: 300}, (_, i) => `new ${i}`).join('\n');
  await scene.server.run(['send', 'lobby', '-', '--name', 'bob'], `${lines}\n`);
  const tabs = ann.page.locator('#tab-list a');
  await tabs.filter({hasText: 'lobby'}).locator('.badge', {hasText: '99+'}).waitFor();
  await tabs.filter({hasText: 'lobby'}).click();
  await opensAt(ann);
  assert.equal(await firstNew(ann), 'new 0');
  await ann.page.locator('#jump').click();
  await ann.sees('new 299');
  await tabs.filter({hasText: 'harbour'}).click();
  await tabs.filter({hasText: 'lobby'}).click();
  await ann.sees('new 299');
  await ann.page.locator('#jump').waitFor({state: 'hidden'});

  await tabs.filter({hasText: 'harbour'}).click();
  await post('one more');
  await tabs.filter({hasText: 'lobby'}).locator('.badge', {hasText: '1'}).waitFor();
  await tabs.filter({hasText: 'lobby'}).click();
  await ann.sees('one more');
  await ann.titled('lobby · chat');
  assert.equal(await ann.page.locator('#jump').isVisible(), false, 'little that is unread opens at its end');

  await ann.page.goto(scene.server.origin);
  await scene.server.run(['send', 'lobby', '-', '--name', 'bob'], `${lines}\n`);
  await ann.page.goto(`${scene.server.origin}/lobby/${link}`);
  await ann.spots('old 3');
});

test('unread while the page could not be seen at all: it is at the line when one comes back', async () => {
  await fill(10);
  const ann = await member('ann');
  await ann.sees('old 9');
  const see = (/** @type {string} */ visibility) => ann.page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', {value, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  }, visibility);
  await see('hidden');
  await scene.server.run(['send', 'lobby', '-', '--name', 'bob'], `${Array.from({length: 60}, (_, i) => `new ${i}`).join('\n')}\n`);
  await ann.titled('(60) lobby · chat');
  await see('visible');
  await opensAt(ann);
  await ann.page.locator('#jump:visible').click();
  await ann.titled('lobby · chat');
  await see('hidden');
  await post('one more');
  await ann.titled('(1) lobby · chat');
  await see('visible');
  await ann.titled('lobby · chat');
  await ann.sees('one more');
});

test('rooms that were left open: after a reload the other one tells what is unread there, and opens at it', async () => {
  await fill(10);
  const ann = await member('ann');
  await ann.sees('old 9');
  await ann.join('harbour');
  await ann.page.goto(scene.server.origin);
  await scene.server.run(['send', 'lobby', '-', '--name', 'bob'], `${Array.from({length: 70}, (_, i) => `new ${i}`).join('\n')}\n`);
  await ann.enter(scene.server.origin, 'harbour');
  await ann.titled('(70) harbour · chat');
  await ann.page.locator('#tab-list a', {hasText: 'lobby'}).click();
  await opensAt(ann);
  assert.equal(await firstNew(ann), 'new 0');
});

/** In the page: a Notification that is only noted. @param {string} permission what the person answers */
function noteNotifications(permission) {
  /** @type {any[]} */
  const noted = [];
  /** @type {any} */ (window).noted = noted;
  /** @type {any} */ (window).Notification = class {
    static permission = permission;
    static requestPermission = async () => permission;

    /** @param {string} title @param {any} options */
    constructor(title, options) {
      noted.push([title, options.body]);
    }
  };
}

test('mentions: marked for who is meant, and notified when they want it and look elsewhere', async () => {
  const ann = await person({name: 'ann'});
  await ann.context.addInitScript(noteNotifications, 'granted');
  await ann.enter(scene.server.origin);
  await ann.look(true);
  await post('ann: not asked for yet');
  await ann.page.locator('.message.mentions mark', {hasText: 'ann'}).waitFor();
  await ann.page.locator('#notify').check();
  await post('Hannah is somebody else');
  await post('are you there, @ann?');
  await ann.page.waitForFunction(() => /** @type {any} */ (window).noted.length > 0);
  await ann.look(false);
  await post('ann, you see this');
  await ann.sees('ann, you see this');
  assert.deepEqual(await ann.page.evaluate(() => /** @type {any} */ (window).noted), [['bob · lobby', 'are you there, @ann?']]);
  assert.equal(await ann.page.locator('.message.mentions').count(), 3);
  await ann.page.reload();
  assert.equal(await ann.page.locator('#notify').isChecked(), true, 'a reload keeps the wish');
});

test('notifications that the browser does not allow are not promised', async () => {
  const ann = await person({name: 'ann'});
  await ann.context.addInitScript(noteNotifications, 'denied');
  await ann.enter(scene.server.origin);
  await ann.page.locator('#notify').click();
  await ann.page.locator('#notice:visible', {hasText: 'does not allow notifications'}).waitFor();
  assert.equal(await ann.page.locator('#notify').isChecked(), false);
});

test('typing is shown in the list of members too', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.input.pressSequentially('he');
  await bob.page.locator('#people-list li', {hasText: 'ann'}).locator('.writes', {hasText: 'typing'}).waitFor();
  await ann.input.press('Enter');
  await bob.page.locator('.writes').waitFor({state: 'detached'});
});

// ---- what one writes

test('commands: an unknown one is never sent, // sends a slash, /me and /nick do what they say', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.say('/jion harbour');
  await problem(ann).filter({hasText: 'Did you mean /join?'}).waitFor();
  assert.equal(await ann.input.inputValue(), '/jion harbour', 'nothing is lost');
  await ann.say('/etc/passwd');
  await problem(ann).filter({hasText: 'no command /etc/passwd'}).waitFor();
  await ann.say('//etc/passwd');
  await bob.sees('/etc/passwd');
  await ann.say('/me waves :wave:');
  await bob.sees('ann waves 👋');
  await bob.page.locator('.text.action').waitFor();
  await ann.say('//me waves');
  await bob.sees(' /me waves');
  assert.equal(await bob.page.locator('.text.action').count(), 1);
  await ann.say('/nick eve');
  await bob.page.locator('#people-list', {hasText: 'eve'}).waitFor();
  await ann.say('/nick');
  await problem(ann).filter({hasText: '/nick NAME'}).waitFor();
  await ann.input.fill('');
  await ann.say('/help');
  await ann.page.locator('#notice:visible', {hasText: '/ignore NAME'}).waitFor();
  await ann.say('/who');
  assert.equal(await ann.page.evaluate(() => document.activeElement?.id), 'people');
  assert.deepEqual((await scene.server.messages('lobby')).map(({message}) => message), ['/etc/passwd', '/me waves 👋', ' /me waves']);
});

test('/ignore hides what somebody writes, here and after a reload; /clear makes room', async () => {
  const ann = await member('ann');
  await post('from bob');
  await post('from eve', 'eve');
  await ann.sees('from eve');
  await ann.say('/ignore ANN');
  await ann.page.getByText('That is your own name').waitFor();
  await ann.say('/ignore EVE');
  await ann.page.locator('#notice', {hasText: 'are hidden'}).waitFor();
  assert.deepEqual(await ann.shown(), ['bob: from bob']);
  await ann.page.reload();
  await ann.sees('from bob');
  await post('eve again', 'eve');
  await post('bob again');
  await ann.sees('bob again');
  assert.deepEqual(await ann.shown(), ['bob: from bob', 'bob: bob again']);
  await ann.say('/clear');
  await ann.page.locator('.cleared').waitFor();
  assert.deepEqual(await ann.shown(), []);
  await post('after');
  await ann.sees('after');
  assert.deepEqual(await ann.shown(), ['bob: after']);
  await ann.say('/ignore eve');
  await ann.page.locator('.cleared button').click();
  await ann.sees('eve again');
  assert.equal((await ann.shown()).length, 5);
});

test('suggestions: names, emoji and commands, by keys; Enter without a choice sends', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.page.locator('#people-list', {hasText: 'bob'}).waitFor();
  await ann.input.pressSequentially('hi @b');
  await ann.page.locator('#suggestions li', {hasText: '@bob'}).waitFor();
  await ann.page.keyboard.press('Tab');
  assert.equal(await ann.input.inputValue(), 'hi @bob ');
  await ann.input.pressSequentially(':rock');
  await ann.page.keyboard.press('ArrowDown');
  assert.equal(await ann.page.locator('#suggestions [aria-selected="true"]').getAttribute('id'), await ann.input.getAttribute('aria-activedescendant'));
  await ann.page.keyboard.press('Enter');
  assert.equal(await ann.input.inputValue(), 'hi @bob 🚀');
  await ann.page.keyboard.press('Enter');
  await bob.sees('hi @bob 🚀');
  await ann.input.pressSequentially('/he');
  await ann.page.locator('#suggestions li', {hasText: '/help'}).click();
  assert.equal(await ann.input.inputValue(), '/help ');
  await ann.input.fill('');
  await ann.input.pressSequentially('@bo');
  await ann.page.locator('#suggestions:visible').waitFor();
  await ann.page.keyboard.press('Escape');
  await ann.page.locator('#suggestions').waitFor({state: 'hidden'});
  await ann.page.keyboard.press('Enter');
  await bob.sees('@bo');
});

test('links are safe, code is shown as it is, many lines stay lines', async () => {
  const ann = await member('ann');
  const there = `${scene.server.origin}/harbour/`;
  await post(`see ${there}, or javascript:alert(1) or https://ann@evil.example`);
  await post('so `let x = 1` and\n```js\nlet y;\n    y = "<b>https://a.example</b>";\n```\nend');
  const link = ann.page.locator('.text a');
  await link.waitFor();
  await ann.page.locator('.text pre').waitFor();
  assert.deepEqual(await link.evaluateAll((nodes) => nodes.map((node) => [node.getAttribute('href'), node.getAttribute('rel'), node.getAttribute('target')])),
    [[there, 'noopener noreferrer nofollow', '_blank']]);
  assert.equal(await ann.page.locator('.text pre code').textContent(), 'let y;\n    y = "<b>https://a.example</b>";');
  assert.equal(await ann.page.locator('.text > code').textContent(), 'let x = 1');
  const [other] = await Promise.all([ann.context.waitForEvent('page'), link.click()]);
  await other.locator('body[data-phase="connected"]').waitFor();
  assert.deepEqual(await other.evaluate(() => [window.opener, document.referrer]), [null, '']);
});

// ---- history

test('a link opens at its message, from where both ways lead on; chat tail takes the same cursor', async () => {
  await fill(300);
  const ann = await member('ann');
  await ann.sees('old 299');
  await ann.page.waitForFunction(() => {
    const node = /** @type {Element} */ (document.querySelector('#chat-log'));
    node.scrollTop = 0;
    return document.querySelector('.text')?.textContent === 'old 0';
  });
  await scrollTo(ann, 'old 42');
  await ann.page.locator('.message', {hasText: /old 42$/}).hover();
  await ann.page.locator('.message', {hasText: /old 42$/}).locator('a.at').click();
  await ann.spots('old 42');
  const address = ann.page.url();
  const cursor = new URL(address).hash.slice(1);
  const tail = await scene.server.run(['tail', 'lobby', '--since', cursor, '--no-follow', '--json']);
  assert.deepEqual(tail.trim().split('\n').map((line) => JSON.parse(line).message).slice(0, 2), ['old 43', 'old 44']);

  const bob = await person({name: 'bob'});
  await bob.page.goto(address);
  await bob.spots('old 42');
  await bob.page.locator('#jump:visible').waitFor();
  assert.ok(!(await bob.shown()).some((line) => line.endsWith('old 299')), 'only what is around it was read');
  await bob.page.waitForFunction(() => {
    const node = /** @type {Element} */ (document.querySelector('#chat-log'));
    node.scrollTop = node.scrollHeight;
    return [...document.querySelectorAll('.text')].at(-1)?.textContent === 'old 299';
  });
  await bob.page.evaluate((hash) => {
    location.hash = '';
    location.hash = hash;
  }, cursor);
  await bob.spots('old 42');
  await bob.page.locator('#jump').click();
  await bob.sees('old 299');
  assert.equal(new URL(bob.page.url()).hash, '');
  assert.equal(await bob.page.locator('.spot').count(), 0);
  await bob.page.goto(scene.server.origin);
  await bob.page.goto(`${scene.server.origin}/lobby/#gone:5`);
  await bob.page.locator('#notice:visible', {hasText: 'no longer has'}).waitFor();
  await bob.sees('old 299');
});

test('history that comes in above does not move what is read', async () => {
  await fill(400);
  const ann = await member('ann');
  await ann.sees('old 399');
  const log = ann.page.locator('#chat-log');
  await log.evaluate((node) => (node.scrollTop = 200));
  const before = await ann.place('old 360');
  await ann.page.waitForFunction(() => document.querySelectorAll('.message').length >= 150);
  await ann.stays('old 360', before);
  await log.evaluate((node) => (node.scrollTop = 900));
  await ann.page.waitForFunction(() => [...document.querySelectorAll('.text')].some((node) => node.textContent === 'old 200'));
  const middle = await ann.place('old 270');
  await post('new');
  await ann.page.locator('#jump', {hasText: '1 new message'}).waitFor();
  await ann.stays('old 270', middle);
});

test('/history reads further back, as scrolling up does, until there is nothing more', async () => {
  await fill(120);
  const ann = await member('ann');
  await ann.sees('old 119');
  await ann.say('/history');
  await ann.page.locator('#jump:visible').waitFor();
  await ann.page.waitForFunction(() => {
    const log = document.querySelector('#chat-log');
    const text = document.querySelector('#chat-log .text')?.textContent;
    if (log && log.scrollTop > 0 && text === 'old 0') log.scrollTop = 0;
    return log?.scrollTop === 0 && text === 'old 0';
  });
  await ann.say('/history');
  await problem(ann).filter({hasText: 'nothing older'}).waitFor();
  await ann.input.fill('');
  await ann.say('/clear');
  await ann.page.locator('.cleared').waitFor();
  await ann.say('/history');
  await ann.sees('old 119');
});

test('what was cleared away comes back above what is read', async () => {
  await fill(300);
  const ann = await member('ann');
  await ann.sees('old 299');
  await ann.page.waitForFunction(() => {
    const node = /** @type {Element} */ (document.querySelector('#chat-log'));
    node.scrollTop = 0;
    return document.querySelector('.text')?.textContent === 'old 0';
  });
  await ann.say('/clear');
  await ann.page.locator('.cleared').waitFor();
  for (let i = 0; i < 30; ++i) await post(`new ${i}`);
  await ann.sees('new 29');
  await ann.page.locator('#chat-log').evaluate((node) => (node.scrollTop = 0));
  await ann.page.locator('#jump:visible').waitFor();
  const before = await ann.place('new 3');
  await ann.page.locator('.cleared button').click();
  await ann.sees('old 299');
  await ann.stays('new 3', before);
});

test('search finds what is loaded, wherever it is, by keys', async () => {
  await fill(300);
  await post('a blue boat');
  const ann = await member('ann');
  await ann.sees('a blue boat');
  await ann.page.waitForFunction(() => {
    const node = /** @type {Element} */ (document.querySelector('#chat-log'));
    node.scrollTop = 0;
    return document.querySelector('.text')?.textContent === 'old 0';
  });
  await ann.say('/search BLUE');
  await ann.spots('a blue boat');
  await ann.page.locator('#search-hits', {hasText: '1 of 1'}).waitFor();
  const input = ann.page.locator('#search-input');
  await input.fill('old 2');
  await ann.page.locator('#search-hits', {hasText: '– of 111'}).waitFor();
  await input.press('Enter');
  await ann.spots('old 299');
  await input.press('Shift+Enter');
  await ann.spots('old 2');
  await input.press('Enter');
  await input.press('Enter');
  await ann.spots('old 298');
  await input.fill('nowhere');
  await ann.page.locator('#search-hits', {hasText: 'Nothing found'}).waitFor();
  await input.press('Escape');
  await ann.page.locator('#search').waitFor({state: 'hidden'});
  assert.equal(await ann.page.evaluate(() => document.activeElement?.id), 'chat-message-input');
});

test('10,000 messages: few of them are in the document, and it stays quick', async () => {
  const ann = await member('ann');
  await fill(10_000);
  await ann.sees('old 9999');
  const nodes = () => ann.page.locator('#rows > *').count();
  assert.ok((await nodes()) <= 260, `${await nodes()} lines`);
  const cdp = await ann.context.newCDPSession(ann.page);
  await cdp.send('Performance.enable', {timeDomain: 'threadTicks'});
  const busy = async () => {
    const {metrics} = await cdp.send('Performance.getMetrics');
    return metrics.find(({name}) => name === 'TaskDuration')?.value ?? NaN;
  };
  const start = await busy();
  for (let i = 0; i < 50; ++i) await post(`live ${i}`);
  await ann.sees('live 49');
  const each = ((await busy()) - start) * 20;
  assert.ok(each < 50, `${each.toFixed(1)} ms of CPU for each message`);

  await ann.say('/search old 5000');
  await ann.spots('old 5000');
  const log = ann.page.locator('#chat-log');
  for (const [top, text] of /** @type {[number, string][]} */ ([[0, 'old 4900'], [1e9, 'old 5050']])) {
    await log.evaluate((node, to) => (node.scrollTop = to), top);
    await ann.sees(text);
    assert.ok((await nodes()) <= 260, `${await nodes()} lines`);
  }
  await ann.page.locator('#jump').click();
  await ann.sees('live 49');
});

// ---- for everyone

test('in Traditional Chinese for who wants it: words, times, and what the server says', async () => {
  const ann = await person({name: '小明', locale: 'zh-TW'});
  await ann.page.goto(scene.server.origin);
  await ann.page.getByRole('heading', {name: '要進哪個聊天室？'}).waitFor();
  await ann.enter(scene.server.origin);
  await ann.page.locator('#status-text', {hasText: '已連線'}).waitFor();
  assert.equal(await ann.page.evaluate(() => document.documentElement.lang), 'zh-Hant');
  await post('大家好小明來了');
  await ann.page.locator('mark', {hasText: '小明'}).waitFor();
  assert.match(String(await ann.page.locator('.day').textContent()), /年.*月.*日/);
  await ann.say('/nope');
  await problem(ann).filter({hasText: '沒有 /nope 這個指令'}).waitFor();
  await ann.input.fill('');
  await ann.say('/help');
  await ann.page.locator('#notice:visible', {hasText: '這份清單'}).waitFor();
  const latin = (await ann.page.locator('header, footer, aside').allTextContents()).join(' ').replace(/\/\w+|:\w+:|lobby|NAME/g, '');
  assert.doesNotMatch(latin, /[A-Za-z]{4,}/, 'nothing is left in English');
  assert.deepEqual(await violationsOn(ann.page), []);
});

test('by keys one goes from message to message', async () => {
  for (const text of ['one', 'two', 'three']) await post(text);
  const ann = await member('ann');
  await ann.sees('three');
  await ann.page.locator('#chat-log').focus();
  const here = () => ann.page.evaluate(() => document.activeElement?.closest('.message')?.querySelector('.text')?.textContent);
  await ann.page.keyboard.press('Tab');
  assert.equal(await here(), 'three');
  await ann.page.keyboard.press('ArrowUp');
  assert.equal(await here(), 'two');
  await ann.page.keyboard.press('Enter');
  await ann.spots('two');
  await ann.page.keyboard.press('ArrowDown');
  assert.equal(await here(), 'three');
});

test('who wants less motion gets none', async () => {
  for (const reducedMotion of /** @type {const} */ (['reduce', 'no-preference'])) {
    const ann = await person({reducedMotion});
    await ann.enter(scene.server.origin);
    const moving = await ann.page.evaluate(() => [...document.querySelectorAll('*')].filter((node) => {
      const {transitionDuration, animationName} = getComputedStyle(node);
      return transitionDuration !== '0s' || animationName !== 'none';
    }).length);
    assert.equal(moving > 0, reducedMotion === 'no-preference', reducedMotion);
  }
});

const EVERYTHING = ['ann: https://a.example/b?c', '/me waves', 'so `code` and\n```\nlong line '.concat('x'.repeat(200), '\n```')];

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const width of [320, 1000]) {
    test(`${colorScheme}, ${width} px: nothing is cut off, and axe finds nothing, whatever is open`, async () => {
      const ann = await person({name: 'ann', colorScheme, viewport: {width, height: 600}});
      await ann.enter(scene.server.origin);
      const expectNone = async (/** @type {string} */ state) => {
        assert.deepEqual(await violationsOn(ann.page), [], state);
        assert.equal(await ann.overflow(), 0, state);
      };
      await post('before');
      await ann.sees('before');
      await ann.look(true);
      for (const text of EVERYTHING) await post(text);
      await ann.page.locator('.line').waitFor();
      await ann.page.locator('.text pre').waitFor();
      await ann.look(false);
      await expectNone('news, links and code');
      await ann.join('harbour');
      await post('ann?');
      await ann.page.locator('.badge.mention').waitFor();
      await expectNone('tabs with a badge');
      await ann.say('/help');
      await ann.page.locator('#notice:visible').waitFor();
      await expectNone('help');
      await ann.page.locator('#notice-close').click();
      await ann.say('/rooms');
      await ann.page.locator('#listed-list a').first().waitFor();
      await expectNone('rooms');
      await ann.page.locator('#listed-list a', {hasText: 'lobby'}).click();
      await ann.sees('ann?');
      await ann.say('/search code');
      await ann.page.locator('.spot').waitFor();
      await expectNone('search');
      await ann.page.locator('#search-close').click();
      await ann.input.pressSequentially('so :ro');
      await ann.page.keyboard.press('ArrowDown');
      await ann.page.locator('[aria-selected="true"]').waitFor();
      await expectNone('suggestions');
      await ann.input.fill('');
      await ann.say('/nope');
      await problem(ann).filter({hasText: 'no command'}).waitFor();
      await ann.input.fill('');
      await ann.say('/clear');
      await ann.page.locator('.cleared').waitFor();
      await ann.say('/who');
      await ann.page.locator('#people:visible').waitFor();
      await expectNone('cleared, with people');
    });
  }
}
