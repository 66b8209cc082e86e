// Debian 12 has Node 18. A newer one forgives what it does not, so this is looked at from outside.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

/** @param {string} path */
const jsonOf = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

test('node 18: all that the tests install runs on it', () => {
  const installed = Object.entries(jsonOf('package-lock.json').packages).filter(([path]) => path !== '');
  assert.ok(installed.length > 0);
  for (const [path, {engines}] of /** @type {[string, any][]} */ (installed)) {
    const [, least] = /^>=\s*(\d+)/.exec(engines?.node ?? '>=0') ?? [];
    assert.ok(Number(least) <= 18, `${path} wants node ${engines?.node}`);
  }
});

test('node 18: the page’s files are said to be modules', () => {
  assert.equal(jsonOf('../../web/package.json').type, 'module');
});
