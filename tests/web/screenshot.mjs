// Takes the picture of docs/page.png: CHAT_BIN=… node screenshot.mjs [FOLDER]
// With a FOLDER it takes all of them there instead, to be looked at: every state in three widths and both themes, and in
// Chinese.

import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {ChatServer} from './support/chat_server.mjs';
import {Person, launch} from './support/chromium.mjs';

const ROOM = 'harbour';
const TALK = [
  ['Lena', 'Morning! The new pier lights are up, they look great from the ferry.'],
  ['Lena', 'The pilots got the notice, and the chart is updated too.'],
  ['Aiko', 'Ohayō! I can check the depth readings at noon, tide is lowest at 12:40.'],
  ['Jonas', 'Perfect. Then we have the whole series for the report:\n  1. lights\n  2. depth\n  3. that odd echo near the buoy'],
  ['Lena', 'The echo was a seal. It waved.'],
  ['Aiko', 'Best finding of the year. I’m putting it on the first page.'],
];

const NEWS = [
  'Noor: the readings are at https://harbour.example/readings?day=25 🌊',
  '/me opens the workshop',
  'Start it with `tide --at noon`, or so:\n```sh\ntide --at 12:40 \\\n     --station pier --output /srv/harbour/readings/2026/november/25.csv\n```',
];

const folder = process.argv[2];
const browser = await launch();
const server = await ChatServer.start();

/** @param {string} name @param {import('playwright-core').BrowserContextOptions} [options] */
async function enter(name, options) {
  const person = await Person.create(browser, {name, ...options});
  return person.enter(server.origin, ROOM);
}

/** @param {Person} person @param {string} path */
async function shoot({page}, path) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({path, animations: 'disabled', caret: 'hide'});
}

/** Every state that a room's page has. @param {string} name @param {import('playwright-core').BrowserContextOptions} options */
async function shootAll(name, options) {
  const at = (/** @type {string} */ state) => join(/** @type {string} */ (folder), `${name}_${state}.png`);
  const noor = await enter('Noor', options);
  const {page} = noor;
  await page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
  });
  for (const text of NEWS) await server.post(ROOM, JSON.stringify({message: text, name: 'Lena'}));
  await noor.page.locator('.line').waitFor();
  await noor.page.locator('.out').first().waitFor();
  await shoot(noor, at('1_news'));
  await noor.say('/join 燈塔');
  await noor.page.locator('#empty:visible').waitFor();
  await server.post(ROOM, '{"message":"Noor, are you there?","name":"Aiko"}');
  await noor.page.locator('.badge.mention').waitFor();
  await noor.say('/help');
  await noor.page.locator('#notice:visible').waitFor();
  await shoot(noor, at('2_tabs_and_help'));
  await noor.page.locator('#notice-close').click();
  await noor.say('/rooms');
  await noor.page.locator('#listed-list a').first().waitFor();
  await shoot(noor, at('3_rooms'));
  await noor.page.locator('#listed-list a', {hasText: ROOM}).click();
  await noor.sees('Noor, are you there?');
  await noor.say('/search pier');
  await noor.page.locator('.spot').waitFor();
  await shoot(noor, at('4_search'));
  await noor.page.locator('#search-close').click();
  await noor.input.pressSequentially('so :ro');
  await noor.page.locator('#suggestions:visible').waitFor();
  await page.keyboard.press('ArrowDown');
  await shoot(noor, at('5_suggestions'));
  await noor.input.fill('');
  await noor.say('/jion x');
  await noor.page.locator('#composer-problem:not(:empty)').waitFor();
  if (await page.locator('#people-toggle').isVisible()) await page.locator('#people-toggle').click();
  await shoot(noor, at('6_people'));
  await page.goto(server.origin);
  await shoot(noor, at('7_home'));
  await noor.context.close();
}

try {
  const jonas = await enter('Jonas');
  const others = new Map([['Lena', await enter('Lena')], ['Aiko', await enter('Aiko')], ['Jonas', jonas]]);
  for (const [name, text] of TALK) {
    const speaker = /** @type {Person} */ (others.get(name));
    await speaker.say(text);
    await jonas.sees(text);
  }
  const mira = await enter('Mira');
  await mira.input.pressSequentially('Is');
  await jonas.page.locator('#typing', {hasText: 'Mira'}).waitFor();
  await jonas.page.locator('#people-list', {hasText: 'Mira'}).waitFor();
  await shoot(jonas, folder ? join(folder, 'light.png') : fileURLToPath(new URL('../../docs/page.png', import.meta.url)));
  if (folder) {
    for (const [width, height] of [[320, 568], [768, 900], [1440, 900]]) {
      for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
        await shootAll(`${width}_${colorScheme}`, {viewport: {width, height}, colorScheme});
      }
    }
    await shootAll('768_chinese', {viewport: {width: 768, height: 900}, locale: 'zh-TW'});
    await server.kill();
    await jonas.phase('waiting');
    await jonas.say('Written while the server is away');
    await jonas.page.locator('.message.pending').waitFor();
    await shoot(jonas, join(folder, 'disconnected.png'));
  }
} finally {
  await browser.close();
  await server.kill();
}
