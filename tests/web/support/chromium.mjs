// Debian's Chromium, and people who sit in front of it.

import assert from 'node:assert/strict';

import {chromium} from 'playwright-core';

const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** What Chromium itself says about a server that is gone. */
const ABOUT_A_LOST_SERVER = /^WebSocket connection to '[^']*' failed|net::ERR_/;

/** Launches one with a profile of its own. */
export const launch = () =>
  chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: ARGUMENTS});

/**
 * A page that a test makes up counts as one from far away, which newer Chromiums keep from the loopback until it is
 * granted. Older ones, and Playwrights, neither ask nor know the permission.
 * @param {import('playwright-core').BrowserContext} context
 */
export async function allowLoopback(context) {
  try {
    await context.grantPermissions(['local-network-access']);
  } catch (error) {
    if (!/Unknown permission/.test(String(error))) throw error;
  }
}

/** A person: a browser context with one page in it, and all that went wrong there. */
export class Person {
  /**
   * @param {import('playwright-core').Browser} browser
   * @param {{name?: string} & import('playwright-core').BrowserContextOptions} [how] name: chosen on an earlier visit
   */
  static async create(browser, {name, ...options} = {}) {
    const context = await browser.newContext({viewport: {width: 1000, height: 640}, locale: 'en-GB', ...options});
    context.setDefaultTimeout(20_000);
    if (name) await context.addInitScript((chosen) => localStorage.setItem('chat.v1:name', JSON.stringify(chosen)), name);
    return new Person(context, await context.newPage());
  }

  /** @param {import('playwright-core').BrowserContext} context @param {import('playwright-core').Page} page */
  constructor(context, page) {
    this.context = context;
    this.page = page;
    /** @type {string[]} */
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (line) => {
      const bad = line.type() === 'error' || line.type() === 'warning';
      if (bad && !ABOUT_A_LOST_SERVER.test(line.text())) this.complaints.push(line.text());
    });
    this.input = page.locator('#chat-message-input');
    this.texts = page.locator('.message .text');
    this.status = page.locator('.status');
    this.pending = page.locator('.message.pending');
    this.refused = page.locator('.message.failed');
  }

  /** Opens a room and waits to be in it. @param {string} origin @param {string} [room] */
  async enter(origin, room = 'lobby') {
    await this.page.goto(`${origin}/${encodeURIComponent(room)}/`);
    await this.phase('connected');
    return this;
  }

  /** Joins another room and waits to be in it. @param {string} room */
  async join(room) {
    await this.say(`/join ${room}`);
    await this.shows(room);
    await this.phase('connected');
  }

  /** Waits until a room is the one in front, which its address is before it has opened. @param {string} room */
  shows(room) {
    return this.page.waitForFunction((wanted) => document.querySelector('#room-name')?.textContent === wanted, room);
  }

  /** @param {'connecting' | 'connected' | 'waiting' | 'closed'} name */
  phase(name) {
    return this.page.locator(`body[data-phase="${name}"]`).waitFor();
  }

  /** Writes and presses Enter. @param {string} text */
  async say(text) {
    await this.input.fill(text);
    await this.input.press('Enter');
  }

  /** Waits until the page shows a message with exactly this text, delivered. @param {string} text */
  async sees(text) {
    await this.page.waitForFunction(
      (wanted) => [...document.querySelectorAll('.message:not(.pending, .failed) .text')].some((node) => node.textContent === wanted),
      text,
    );
  }

  /** Looks at something else, or at the page again. @param {boolean} away */
  look(away) {
    return this.page.evaluate((gone) => {
      document.hasFocus = () => !gone;
      window.dispatchEvent(new Event(gone ? 'blur' : 'focus'));
    }, away);
  }

  /** Waits for a title. @param {string} title */
  titled(title) {
    return this.page.waitForFunction((wanted) => document.title === wanted, title);
  }

  /** Where a message is: pixels from the top edge of the log. @param {string} text */
  place(text) {
    return this.page.evaluate((wanted) => {
      const node = [...document.querySelectorAll('.message .text')].find((one) => one.textContent === wanted);
      const log = /** @type {Element} */ (document.querySelector('#chat-log'));
      return node ? Math.round(node.getBoundingClientRect().top - log.getBoundingClientRect().top) : null;
    }, text);
  }

  /** Holds that a message is where it was, but for what a screen rounds. @param {string} text @param {number | null} before */
  async stays(text, before) {
    const now = await this.place(text);
    assert.ok(before !== null && now !== null && Math.abs(now - before) <= 1, `${text} was at ${before} px, is at ${now} px`);
  }

  /** Waits until a message is in sight, marked as the one that was sought. @param {string} text */
  spots(text) {
    return this.page.waitForFunction((wanted) => {
      const node = document.querySelector('.message.spot .text');
      const log = document.querySelector('#chat-log')?.getBoundingClientRect();
      const at = node?.getBoundingClientRect();
      return node?.textContent === wanted && at && log && at.top >= log.top && at.bottom <= log.bottom;
    }, text);
  }

  /** Waits until nothing is under way. */
  settled() {
    return this.page.waitForFunction(() => !document.querySelector('.message.pending'));
  }

  /** The messages as a reader sees them: "name: text". */
  shown() {
    return this.page.locator('.message').evaluateAll((nodes) =>
      nodes.map((node) => `${node.querySelector('.name')?.textContent}: ${node.querySelector('.text')?.textContent}`));
  }

  /** Pixels that the page is wider than its window. */
  overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }
}
