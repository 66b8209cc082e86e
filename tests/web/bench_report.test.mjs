// The pages of finished load tests in Chromium, as they are approved in tests/golden/bench.

import assert from 'node:assert/strict';
import {after, before, test as nodeTest} from 'node:test';

import {Person, launch} from './support/chromium.mjs';
import {violationsOn} from './support/stage.mjs';

const FOLDER = new URL('../golden/bench/', import.meta.url);
const PAGES = ['calm', 'troubled', 'idle', 'short', 'two_runs', 'five_runs'];
const ONE_RUN = {'plot-rate': ['deliveries'], 'plot-latency-time': ['p99', 'p50'], 'plot-cpu': ['server', 'generator (its busiest process)']};
const TWO_RUNS = ['A before.json', 'B after.json'];

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** @param {string} name @param {() => Promise<void>} run */
const test = (name, run) => nodeTest(name, {timeout: 60_000}, run);

/**
 * Opens a page for `look`, which gets it and what it asked for; holds that nothing went wrong in it.
 * @param {string} name @param {import('playwright-core').BrowserContextOptions} how
 * @param {(page: import('playwright-core').Page, asked: string[]) => Promise<void>} look
 */
async function open(name, how, look) {
  const person = await Person.create(browser, how);
  const {page} = person;
  /** @type {string[]} */
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('dialog', (dialog) => void asked.push(`a dialog: ${dialog.message()}`));
  const address = new URL(`${name}.approved.html`, FOLDER);
  await page.goto(address.href);
  await look(page, asked);
  assert.deepEqual(person.complaints, [], `${name}: what the browser complained about`);
  assert.deepEqual(asked, [address.href], `${name}: what was asked for`);
  await person.context.close();
}

/** The names of the series of each plot that is drawn. @param {import('playwright-core').Page} page */
const seriesOn = (page) => page.evaluate(() => Object.fromEntries([...document.querySelectorAll('figure')].filter((figure) => figure.querySelector('svg.plot'))
  .map((figure) => [figure.id, [...figure.querySelectorAll('path.series')].map((path) => path.getAttribute('data-name'))])));

test('report page: it has no script, asks nobody for anything, and complains about nothing', async () => {
  for (const name of PAGES) {
    await open(name, {}, async (page) => {
      assert.equal(await page.evaluate(() => document.scripts.length), 0);
      assert.match(await page.title(), /^Load test/);
    });
  }
});

test('report page: what strangers wrote is text', async () => {
  for (const name of ['troubled', 'five_runs']) {
    await open(name, {}, async (page) => {
      assert.equal(await page.locator('img, script, b').count(), 0);
      await page.getByText('evil␍␊</title><script>alert(1)</script>').waitFor();
    });
  }
});

test('report page: the plots have the series that were measured', async () => {
  await open('calm', {}, async (page) => assert.deepEqual(await seriesOn(page), {'plot-latency': ['all repeats'], ...ONE_RUN}));
  await open('troubled', {}, async (page) => {
    assert.deepEqual(await seriesOn(page), {'plot-latency': ['all repeats'], ...ONE_RUN, 'plot-cpu': ['generator (its busiest process)']});
  });
  await open('idle', {}, async (page) => {
    assert.deepEqual(Object.keys(await seriesOn(page)), ['plot-rate', 'plot-cpu']);
    assert.equal(await page.getByText('Nothing was delivered.').count(), 2);
  });
  await open('two_runs', {}, async (page) => {
    const plots = ['plot-latency', 'plot-rate', 'plot-latency-time', 'plot-server-cpu', 'plot-generator-cpu'];
    assert.deepEqual(await seriesOn(page), Object.fromEntries(plots.map((id) => [id, TWO_RUNS])));
  });
});

test('report page: all of it, plots and their labels too, is inside the window, narrow and wide', async () => {
  for (const name of PAGES) {
    await open(name, {}, async (page) => {
      for (const width of [320, 768, 1440]) {
        await page.setViewportSize({width, height: 900});
        const {over, outside, lines} = await page.evaluate(() => {
          const end = document.documentElement.clientWidth;
          const isOutside = (/** @type {Element} */ node) => {
            const {left, right} = node.getBoundingClientRect();
            return left < 0 || right > end + 0.5;
          };
          const drawn = [...document.querySelectorAll('figure, svg.plot, svg.plot text, svg.plot path, svg.plot circle, .card, .loud')];
          return {
            over: document.documentElement.scrollWidth - end,
            outside: drawn.filter(isOutside).map((node) => node.outerHTML.slice(0, 120)),
            lines: [...document.querySelectorAll('svg.plot path.series')].map((node) => node.getBoundingClientRect().width),
          };
        });
        assert.equal(over, 0, `${name} at ${width} px`);
        assert.deepEqual(outside, [], `${name} at ${width} px`);
        if (name === 'calm') assert.ok(lines.every((line) => line > width / 8), `${lines}`);
      }
    });
  }
});

test('report page: the labels of an axis do not overlap', async () => {
  for (const name of PAGES) {
    await open(name, {}, async (page) => {
      for (const width of [320, 1440]) {
        await page.setViewportSize({width, height: 900});
        const overlaps = await page.evaluate(() => [...document.querySelectorAll('svg.plot')].flatMap((plot) => {
          const labels = [...plot.querySelectorAll('text')].map((node) => ({said: node.textContent, at: node.getBoundingClientRect()}));
          return labels.flatMap((one, i) => labels.slice(i + 1)
            .filter((other) => one.at.left < other.at.right && other.at.left < one.at.right && one.at.top < other.at.bottom && other.at.top < one.at.bottom)
            .map((other) => `${one.said} and ${other.said}`));
        }));
        assert.deepEqual(overlaps, [], `${name} at ${width} px`);
      }
    });
  }
});

test('report page: runs can be told apart without colours, and the legend shows how', async () => {
  await open('five_runs', {}, async (page) => {
    const looks = await page.evaluate(() => {
      const dash = (/** @type {Element} */ node) => getComputedStyle(node).strokeDasharray;
      const server = /** @type {Element} */ (document.querySelector('#plot-server-cpu'));
      return {lines: [...server.querySelectorAll('path.series')].map(dash), legend: [...server.querySelectorAll('.legend line')].map(dash)};
    });
    assert.equal(looks.lines.length, 4);
    assert.equal(new Set(looks.lines).size, 4);
    assert.deepEqual(looks.legend, looks.lines);
  });
});

test('report page: what the plots show stands in tables too', async () => {
  await open('calm', {}, async (page) => {
    const p99 = page.locator('section', {has: page.getByRole('heading', {name: 'Latency', exact: true})}).locator('tr', {hasText: 'p99'}).first();
    assert.equal((await p99.locator('td').textContent()), '22');
    await page.getByText('fanout by second').click();
    const rows = page.locator('details tbody tr');
    assert.equal(await rows.count(), 10);
    assert.deepEqual(await rows.first().locator('th, td').allTextContents(), ['0', '50,200', '100', '1.04', '6.38', '37.8', '23.6']);
  });
});

test('report page: what must not be overlooked is in the first window, also of a phone', async () => {
  await open('troubled', {viewport: {width: 320, height: 568}}, async (page) => {
    await page.getByText('GENERATOR BOUND').waitFor();
    const top = await page.getByText('GENERATOR BOUND').evaluate((node) => node.getBoundingClientRect().top);
    assert.ok(top < 568, `it begins at ${top} px`);
  });
});

/** @param {string[]} names @param {'light' | 'dark'} colorScheme */
async function areClean(names, colorScheme) {
  for (const name of names) {
    await open(name, {colorScheme}, async (page) => {
      await page.evaluate(() => document.querySelectorAll('details').forEach((node) => { node.open = true; }));
      assert.deepEqual(await violationsOn(page), [], `${name}, ${colorScheme}`);
    });
  }
}

test('report page: axe finds nothing, folded open', () => areClean(PAGES, 'light'));
test('report page: axe finds nothing in the dark', () => areClean(['calm', 'troubled', 'five_runs'], 'dark'));
