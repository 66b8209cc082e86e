// Takes the picture of docs/page.png: CHAT_BIN=… node screenshot.mjs [FOLDER]
// With a FOLDER it takes all of them there: light, dark, a phone, home.

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
    const last = /** @type {string} */ (TALK.at(-1)?.[1]);
    for (const [file, options] of /** @type {[string, any][]} */ ([
      ['dark.png', {colorScheme: 'dark'}],
      ['phone.png', {viewport: {width: 320, height: 568}}],
      ['phone_dark.png', {viewport: {width: 390, height: 780}, colorScheme: 'dark'}],
    ])) {
      const guest = await enter('Noor', options);
      await guest.sees(last);
      await shoot(guest, join(folder, file));
      if (file === 'phone.png') {
        await guest.page.locator('#people-toggle').click();
        await shoot(guest, join(folder, 'phone_people.png'));
      }
      await guest.page.goto(server.origin);
      await shoot(guest, join(folder, `home_${file}`));
      await guest.context.close();
    }
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
