// The page in Chromium, on the real server. Waits are for what is to be seen, and bounded.

import assert from 'node:assert/strict';

import {allowLoopback} from './support/chromium.mjs';
import {ChatServer} from './support/chat_server.mjs';
import {stage, violationsOn} from './support/stage.mjs';

const scene = stage();
const {test, person, member} = scene;

test('home: a name that is no room is explained, a room is entered by Enter', async () => {
  const {page} = await person();
  await page.goto(scene.server.origin);
  const input = page.locator('#room-name-input');
  assert.equal(await input.evaluate((node) => node === document.activeElement), true);
  for (const [given, why] of [['', 'A room needs a name.'], ['a b', 'only letters, digits and _'], ['api', 'name of the server']]) {
    await input.fill(given);
    await input.press('Enter');
    await page.locator('#room-problem', {hasText: why}).waitFor();
  }
  await input.fill('聊天');
  await input.press('Enter');
  await page.waitForURL(`${scene.server.origin}/%E8%81%8A%E5%A4%A9/`);
  await page.locator('body[data-phase="connected"]').waitFor();
  assert.equal(await page.locator('#room-name').textContent(), '聊天');
});

test('two people: names, times, one order, and who is here', async () => {
  const ann = await person();
  await ann.enter(scene.server.origin);
  await ann.page.locator('#chat-name').fill('ann');
  await ann.page.locator('#chat-name').press('Enter');
  await ann.page.locator('#people-list', {hasText: 'ann (you)'}).waitFor();
  const bob = await member('bob');
  await ann.page.locator('#people-list', {hasText: 'bob'}).waitFor();
  await bob.page.locator('#people-list', {hasText: 'ann'}).waitFor();
  assert.equal(await bob.page.locator('#people-count').textContent(), '2');

  const texts = Array.from({length: 10}, (_, i) => `line ${i}`);
  const speak = async (/** @type {Person} */ who, /** @type {string} */ name) => {
    for (const text of texts) await who.say(`${name} ${text}`);
  };
  await Promise.all([speak(ann, 'ann'), speak(bob, 'bob')]);
  for (const who of [ann, bob]) {
    await who.page.waitForFunction(() => document.querySelectorAll('.message:not(.pending)').length === 20);
  }
  const order = (await scene.server.messages('lobby')).map(({name, message}) => `${name}: ${message}`);
  assert.deepEqual(await ann.shown(), order);
  assert.deepEqual(await bob.shown(), order);
  for (const name of ['ann', 'bob']) {
    assert.deepEqual(order.filter((line) => line.startsWith(name)), texts.map((text) => `${name}: ${name} ${text}`));
  }
  const times = await ann.page.locator('.message time').evaluateAll((nodes) => nodes.map((node) => Date.parse(/** @type {any} */ (node).dateTime)));
  assert.equal(times.length, 20);
  assert.ok(times.every((at) => Math.abs(Date.now() - at) < 60_000));

  await bob.context.close();
  await ann.page.waitForFunction(() => document.querySelector('#people-count')?.textContent === '1');
});

test('typing: the others are told who writes', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.input.pressSequentially('he');
  await bob.page.locator('#typing', {hasText: 'ann'}).waitFor();
  await ann.input.press('Enter');
  await bob.page.waitForFunction(() => document.querySelector('#typing')?.textContent === '');
});

test('a reload shows the history, as the same person', async () => {
  const ann = await person();
  await ann.enter(scene.server.origin);
  await ann.say('kept');
  await ann.sees('kept');
  const before = await ann.shown();
  await ann.page.reload();
  await ann.sees('kept');
  assert.deepEqual(await ann.shown(), before);
  assert.equal(await ann.page.locator('.message.mine').count(), 1);
});

test('history: scrolling up reads what is older, the end is found again', async () => {
  for (let i = 0; i < 120; ++i) await scene.server.post('lobby', JSON.stringify({message: `old ${i}`}));
  const ann = await member('ann');
  await ann.sees('old 119');
  assert.equal(await ann.texts.count(), 50);
  const log = ann.page.locator('#chat-log');
  await log.evaluate((node) => (node.scrollTop = 0));
  await ann.page.waitForFunction(() => document.querySelectorAll('.message').length === 120);
  assert.equal((await ann.shown())[0], 'api: old 0');
  await log.evaluate((node) => (node.scrollTop = 0));
  await ann.page.locator('#jump:visible').waitFor();
  await scene.server.post('lobby', '{"message":"new"}');
  await ann.page.locator('#jump', {hasText: '1 new message'}).click();
  await ann.page.locator('#jump').waitFor({state: 'hidden'});
  const rest = await log.evaluate((node) => node.scrollHeight - node.clientHeight - node.scrollTop);
  assert.ok(rest < 2, `${rest} px from the end`);
});

/** Notes in window.announced what each new message found as the log's aria-live. */
function noteAnnouncements() {
  /** @type {any} */ (window).announced = [];
  new MutationObserver((records) => {
    const live = document.querySelector('#chat-log')?.getAttribute('aria-live');
    const added = records.flatMap(({addedNodes}) => [...addedNodes]);
    for (const node of added.filter((one) => one instanceof Element && one.classList.contains('message'))) {
      const text = /** @type {Element} */ (node).querySelector('.text')?.textContent;
      /** @type {any} */ (window).announced.push(`${text}: ${live}`);
    }
  }).observe(document, {subtree: true, childList: true});
}

test('only news is read out, and the log does not stay silent', async () => {
  for (let i = 0; i < 60; ++i) await scene.server.post('lobby', JSON.stringify({message: `old ${i}`}));
  const ann = await person({name: 'ann'});
  await ann.context.addInitScript(noteAnnouncements);
  await ann.enter(scene.server.origin);
  await ann.sees('old 59');
  const log = ann.page.locator('#chat-log');
  const audible = () => ann.page.locator('#chat-log[aria-live="polite"]:not([aria-busy="true"])').waitFor();
  await audible();
  await log.evaluate((node) => (node.scrollTop = 0));
  await ann.sees('old 0');
  await audible();
  await scene.server.post('lobby', '{"message":"new"}');
  await ann.sees('new');
  const announced = await ann.page.evaluate(() => /** @type {any} */ (window).announced);
  assert.deepEqual(announced.filter((/** @type {string} */ one) => !one.endsWith(': off')), ['new: polite']);
  assert.equal(announced.length, 61);
});

test('values that are no text are shown as they were written', async () => {
  await scene.server.post('lobby', '{"message":{"a":12345678901234567890,"b":[1.0]}}');
  await (await member('ann')).sees('{"a":12345678901234567890,"b":[1.0]}');
});

test('kill -9 in mid-sentence: nothing is lost, nothing comes twice', async () => {
  const [ann, bob] = [await member('ann'), await member('bob')];
  await ann.say('before');
  await bob.sees('before');
  await ann.settled();

  await scene.server.freeze();
  await ann.say('outcome unknown');
  await ann.page.locator('.message.pending', {hasText: 'sending…'}).waitFor();
  await ann.input.pressSequentially('half a sen');
  await scene.server.kill();
  await ann.phase('waiting');
  await ann.page.locator('#status-text', {hasText: '1 message waits here to be sent.'}).waitFor();
  await ann.page.locator('#try-now:visible').waitFor();
  assert.equal(await ann.input.inputValue(), 'half a sen');
  await ann.input.pressSequentially('tence');
  await ann.input.press('Enter');
  await ann.say('and another');
  await ann.page.locator('#status-text', {hasText: '3 messages wait here to be sent.'}).waitFor();
  assert.equal(await ann.pending.count(), 3);
  await ann.input.pressSequentially('still typing');

  await scene.server.restart();
  await ann.phase('connected');
  await ann.settled();
  assert.equal(await ann.input.inputValue(), 'still typing');
  const expected = ['before', 'outcome unknown', 'half a sentence', 'and another'].map((text) => `ann: ${text}`);
  await bob.sees('and another');
  assert.deepEqual((await scene.server.messages('lobby')).map(({name, message}) => `${name}: ${message}`), expected);
  assert.deepEqual(await ann.shown(), expected);
  assert.deepEqual(await bob.shown(), expected);
});

test('a reload in the middle of sending delivers it, once', async () => {
  const ann = await member('ann');
  await scene.server.freeze();
  await ann.say('sent and reloaded');
  await ann.page.locator('.message.pending', {hasText: 'sending…'}).waitFor();
  const reload = ann.page.reload();
  scene.server.thaw();
  await reload;
  await ann.sees('sent and reloaded');
  await ann.settled();
  assert.deepEqual(await ann.shown(), ['ann: sent and reloaded']);
  assert.equal((await scene.server.messages('lobby')).length, 1);
});

test('a server that drains is left, and found again', async () => {
  const ann = await member('ann');
  await ann.say('before');
  await ann.sees('before');
  await scene.server.end('SIGTERM');
  await ann.phase('waiting');
  await ann.page.locator('#status-text', {hasText: 'The server is restarting.'}).waitFor();
  await scene.server.restart();
  // It may have come back by itself.
  await ann.page.locator('#try-now').evaluate((node) => node.click());
  await ann.phase('connected');
  await ann.say('after');
  await ann.sees('after');
});

test('a duplicated tab is somebody else', async () => {
  const ann = await member('ann');
  await ann.say('from the first');
  await ann.sees('from the first');
  const [twin] = await Promise.all([ann.context.waitForEvent('page'), ann.page.evaluate(() => void window.open(location.href))]);
  await twin.locator('body[data-phase="connected"]').waitFor();
  await twin.locator('#people-list', {hasText: 'ann-2 (you)'}).waitFor();
  await twin.locator('#chat-message-input').fill('from the second');
  await twin.locator('#chat-message-input').press('Enter');
  await ann.sees('from the second');
  const clients = (await scene.server.messages('lobby')).map(({client}) => client);
  assert.equal(new Set(clients).size, 2);
});

const CANNOT_STORE = {
  full: () => (Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }),
  blocked: () => Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('blocked', 'SecurityError'); }}),
};

for (const [how, breakStorage] of Object.entries(CANNOT_STORE)) {
  test(`storage that is ${how} from the start: it is said, once, and messages go out`, async () => {
    const ann = await person();
    await ann.context.addInitScript(breakStorage);
    await ann.enter(scene.server.origin);
    const notice = ann.page.locator('#notice');
    await ann.page.locator('#notice:visible', {hasText: 'would be lost by a reload'}).waitFor();
    await ann.page.locator('#notice-close').click();
    await notice.waitFor({state: 'hidden'});
    await ann.say('all the same');
    await ann.sees('all the same');
    await ann.settled();
    assert.equal(await notice.isVisible(), false);
  });
}

const HOSTILE = [
  '<img src=x onerror="window.hacked=1">',
  '<script>window.hacked=1</script>',
  '<svg onload=window.hacked=1>',
  '&lt;b&gt; &amp; &#60;',
  '<style>body{display:none}</style>',
  'javascript:window.hacked=1',
  '\u202Eevil\u202C and \u2066more\u2069 \u202Dleft open',
  'x'.repeat(3000),
  'w i d e '.repeat(350).trimEnd(),
  '\u001b[31mred\u001b]0;title\u0007\u001b[2J\u009b5m',
  'Z\u0361\u0336\u0489'.repeat(40),
  'line one\nline two\n\n  indented',
  '\u0000\u0001\u007f',
];

test('hostile text is text: nothing runs, nothing breaks out', async () => {
  const ann = await member('ann');
  await ann.page.evaluate(() => addEventListener('securitypolicyviolation', () => (/** @type {any} */ (window).violated = true)));
  for (const text of HOSTILE) await scene.server.post('lobby', JSON.stringify({message: text, name: '<b>bob</b>'}));
  for (const text of HOSTILE) await ann.sees(text);
  assert.deepEqual(await ann.shown(), HOSTILE.map((text) => `<b>bob</b>: ${text}`));
  const marks = await ann.page.locator('.message .text > *, .message .name > *, .message img, .message script').count();
  assert.equal(marks, 0, 'no element came out of a message');
  assert.equal(await ann.page.evaluate(() => 'hacked' in window || 'violated' in window), false);
  assert.equal(await ann.overflow(), 0);
  const wide = await ann.page.locator('#chat-log').evaluate((log) => log.scrollWidth - log.clientWidth);
  assert.equal(wide, 0, 'long lines are broken');
  // An override that is left open ends with its message: the clock behind the next name stays as it is.
  const isolated = await ann.page.locator('.message .text').evaluateAll((nodes) => nodes.every((node) => getComputedStyle(node).unicodeBidi === 'isolate'));
  assert.equal(isolated, true);
});

test('a text that is very long, or has very many lines, is shown in part until it is asked for', async () => {
  const many = Array.from({length: 200}, (_, i) => `line ${i}`).join('\n');
  const emoji = `${'z'.repeat(2999)}😀 and on`;
  for (const message of ['y'.repeat(30_000), emoji, many, 'w'.repeat(3000)]) {
    await scene.server.post('lobby', JSON.stringify({message}));
  }
  const ann = await member('ann');
  const texts = ann.page.locator('.message .text');
  await texts.nth(3).waitFor();
  assert.deepEqual(await texts.evaluateAll((nodes) => nodes.map((node) => node.querySelectorAll('button').length)), [1, 1, 1, 0]);
  assert.match(await texts.nth(1).innerText(), /^z{2999}…/, 'an emoji is not cut in two');
  assert.match(await texts.nth(2).innerText(), /line 39… Show all/);
  for (let i = 0; i < 3; ++i) await ann.page.getByRole('button', {name: /^Show all/}).first().click();
  for (const message of ['y'.repeat(30_000), emoji, many]) await ann.sees(message);
});

test('keyboard only: everything is reached, in the order in which it stands', async () => {
  const ann = await member('ann');
  assert.equal(await ann.page.evaluate(() => document.activeElement?.id), 'chat-message-input');
  await ann.page.keyboard.type('by keyboard');
  await ann.page.keyboard.press('Shift+Enter');
  await ann.page.keyboard.type('on two lines');
  await ann.page.keyboard.press('Enter');
  await ann.sees('by keyboard\non two lines');
  assert.equal(await ann.input.inputValue(), '');

  await ann.page.evaluate(() => /** @type {any} */ (document.activeElement).blur());
  await ann.page.locator('#rooms-open').focus();
  const order = [];
  for (let i = 0; i < 9; ++i) {
    order.push(await ann.page.evaluate(() => document.activeElement?.id || document.activeElement?.className || document.activeElement?.textContent));
    const ring = await ann.page.evaluate(() => getComputedStyle(/** @type {any} */ (document.activeElement)).outlineStyle);
    assert.equal(ring, 'solid', `${order.at(-1)} shows that it has the focus`);
    await ann.page.keyboard.press('Tab');
  }
  assert.deepEqual(order, ['rooms-open', 'search-open', 'chat-log', 'at', 'chat-message-input', 'chat-message-submit', 'chat-name', 'quiet', 'notify']);
});

test('an Enter that ends an IME composition does not send', async () => {
  const ann = await member('ann');
  const cdp = await ann.context.newCDPSession(ann.page);
  const enter = {key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229};
  await cdp.send('Input.imeSetComposition', {text: 'にほん', selectionStart: 3, selectionEnd: 3});
  await cdp.send('Input.dispatchKeyEvent', {type: 'rawKeyDown', ...enter});
  await cdp.send('Input.insertText', {text: '日本'});
  await cdp.send('Input.dispatchKeyEvent', {type: 'keyUp', ...enter});
  assert.equal(await ann.input.inputValue(), '日本');
  await ann.page.keyboard.press('Enter');
  await ann.sees('日本');
  assert.deepEqual((await scene.server.messages('lobby')).map(({message}) => message), ['日本']);
});

test('a phone’s width: nothing is cut off, people are behind a button', async () => {
  for (const text of HOSTILE) await scene.server.post('lobby', JSON.stringify({message: text, name: 'W'.repeat(32)}));
  const ann = await person({name: 'M'.repeat(32), viewport: {width: 320, height: 568}, hasTouch: true, isMobile: true});
  await ann.page.goto(scene.server.origin);
  assert.equal(await ann.overflow(), 0, 'home');
  await ann.enter(scene.server.origin, 'R'.repeat(94));
  assert.equal(await ann.overflow(), 0, 'a long name of a room');
  await ann.enter(scene.server.origin);
  await ann.sees(/** @type {string} */ (HOSTILE.at(-1)));
  assert.equal(await ann.overflow(), 0, 'a room');
  const people = ann.page.locator('#people');
  assert.equal(await people.isVisible(), false);
  await ann.page.locator('#people-toggle').tap();
  await people.locator('#people-list', {hasText: '(you)'}).waitFor();
  assert.equal(await ann.overflow(), 0, 'with people');
  await ann.page.keyboard.press('Escape');
  await people.waitFor({state: 'hidden'});
  await ann.page.locator('#people-toggle').tap();
  await people.waitFor();
  await ann.page.locator('#chat-log').tap({position: {x: 20, y: 340}});
  await people.waitFor({state: 'hidden'});
  const small = await ann.page.locator('button:visible, a:visible, textarea:visible').evaluateAll((nodes) =>
    nodes.map((node) => node.getBoundingClientRect()).filter(({width, height}) => width < 24 || height < 24).length);
  assert.equal(small, 0, 'targets are large enough for a finger');
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`${colorScheme}: it looks so, and axe finds nothing in any state`, async () => {
    const ann = await person({name: 'ann', colorScheme});
    const expectNone = async (/** @type {string} */ state) => assert.deepEqual(await violationsOn(ann.page), [], state);
    await ann.page.goto(scene.server.origin);
    await expectNone('home');
    await ann.page.locator('#room-name-input').press('Enter');
    await ann.page.locator('#room-problem', {hasText: 'name'}).waitFor();
    await expectNone('home with a problem');

    await ann.enter(scene.server.origin);
    await ann.page.locator('#empty:visible').waitFor();
    const [red] = (await ann.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g) ?? [];
    assert.equal(Number(red) < 128, colorScheme === 'dark');
    await expectNone('an empty room');

    const names = ['bob', 'eve', 'Zoë', '聊', 'mallory', 'trent', 'peggy', 'victor', 'walter'];
    for (const name of names) await scene.server.post('lobby', JSON.stringify({message: `from ${name}`, name}));
    await ann.say('mine');
    await ann.sees('mine');
    await expectNone('a room with messages');

    await scene.server.kill();
    await ann.phase('waiting');
    await ann.say('not yet sent');
    await ann.page.locator('.message.pending').waitFor();
    await expectNone('disconnected');

    await ann.say('x'.repeat(200));
    scene.server.options.push('--max-message-bytes', '100');
    await scene.server.restart();
    await ann.refused.filter({hasText: 'Not sent: too large for this server'}).waitFor();
    await ann.refused.getByRole('button', {name: 'Send again'}).click();
    await ann.page.locator('#notice:visible', {hasText: 'still too long'}).waitFor();
    await expectNone('with a refused message');
  });
}

test('a text over the server’s limit stays in the input, with the reason', async () => {
  await scene.server.end();
  scene.server = await ChatServer.start('--max-message-bytes', '100');
  const ann = await member('ann');
  await ann.input.fill('x'.repeat(200));
  await ann.input.press('Enter');
  await ann.page.locator('#composer-problem', {hasText: 'bytes too long'}).waitFor();
  assert.equal((await ann.input.inputValue()).length, 200);
  assert.deepEqual(await violationsOn(ann.page), []);
});

/**
 * In the page: fills the server's memory of this client with counters ahead of the page's own, as if the browser had
 * brought back an old one. Resolves to the highest.
 * @returns {Promise<number>}
 */
function outrunCounter() {
  const {secret, next} = JSON.parse(sessionStorage.getItem('chat.v1:lobby:self') ?? '');
  const remembered = 256;
  const first = next + 10;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/ws/lobby/`, ['chat.v1']);
    const send = (/** @type {unknown} */ frame) => socket.send(JSON.stringify(frame));
    let acks = 0;
    socket.onopen = () => send({type: 'hello', client: secret});
    socket.onmessage = ({data: text}) => {
      const {type} = JSON.parse(text);
      if (type === 'error') reject(new Error(text));
      if (type === 'welcome') for (let i = 0; i < remembered; ++i) send({type: 'send', n: first + i, message: `ahead ${i}`});
      if (type !== 'ack' || ++acks < remembered) return;
      socket.close();
      resolve(first + remembered - 1);
    };
  });
}

test('a message that the server refuses says why, and can be sent again or discarded', async () => {
  const ann = await member('ann');
  const highest = await ann.page.evaluate(outrunCounter);
  for (const text of ['to be sent again', 'to be discarded']) await ann.say(text);
  await ann.refused.nth(1).waitFor();
  await ann.settled();
  assert.deepEqual(await ann.refused.locator('.text').allTextContents(), ['to be sent again', 'to be discarded']);
  await ann.refused.filter({hasText: 'Not sent: n is too far behind'}).nth(1).waitFor();
  assert.deepEqual(await violationsOn(ann.page), []);

  await ann.page.waitForFunction((n) => Date.now() > n, highest);
  await ann.refused.filter({hasText: 'to be sent again'}).getByRole('button', {name: 'Send again'}).click();
  await ann.sees('to be sent again');
  await ann.page.reload();
  await ann.sees('to be sent again');
  assert.deepEqual(await ann.refused.locator('.text').allTextContents(), ['to be discarded'], 'a reload keeps it');
  await ann.refused.getByRole('button', {name: 'Discard'}).click();
  await ann.refused.waitFor({state: 'detached'});
  await ann.page.reload();
  await ann.sees('to be sent again');
  assert.equal(await ann.refused.count(), 0);
  const delivered = (await scene.server.messages('lobby')).map(({message}) => message);
  assert.deepEqual(delivered.filter((text) => text.startsWith('to be')), ['to be sent again']);
});

// The page of the tutorial that all this grew from, in its essence: a text area, a line, a button, a socket.
const TUTORIAL_PAGE = `<!doctype html><meta charset="utf-8"><title>Room</title>
<textarea id="chat-log" cols="100" rows="20"></textarea><br>
<input id="chat-message-input" type="text" size="100"><br>
<input id="chat-message-submit" type="button" value="Send">
<script>
  const room = location.pathname.split('/')[2];
  const socket = new WebSocket('ws://' + location.host + '/ws/' + room + '/');
  const log = document.getElementById('chat-log');
  const line = document.getElementById('chat-message-input');
  const send = document.getElementById('chat-message-submit');
  socket.onmessage = (event) => { log.value += JSON.parse(event.data).message + '\\n'; };
  socket.onopen = () => { document.title = 'open'; };
  socket.onclose = () => { document.title = 'closed'; };
  line.onkeyup = (event) => { if (event.key === 'Enter') send.click(); };
  send.onclick = () => { socket.send(JSON.stringify({message: line.value})); line.value = ''; };
</script>`;

test('the tutorial’s page goes on working, and talks with this one', async () => {
  const old = await person();
  await allowLoopback(old.context);
  await old.context.route('**/tutorial/*/', (route) => route.fulfill({contentType: 'text/html', body: TUTORIAL_PAGE}));
  await old.page.goto(`${scene.server.origin}/tutorial/lobby/`);
  await old.page.waitForFunction(() => document.title === 'open');
  const ann = await member('ann');

  await old.page.locator('#chat-message-input').fill('from the old page');
  await old.page.locator('#chat-message-input').press('Enter');
  await ann.sees('from the old page');
  await ann.say('from the new page');
  await old.page.waitForFunction(() => /** @type {any} */ (document.getElementById('chat-log')).value.includes('new page'));
  const log = await old.page.locator('#chat-log').inputValue();
  assert.equal(log, 'from the old page\nfrom the new page\n', 'nothing but messages, its own too');
});
