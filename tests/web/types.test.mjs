import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** @param {...string} options */
function tsc(...options) {
  const compiler = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
  return spawnSync(process.execPath, [compiler, '--project', here, ...options], {encoding: 'utf8', timeout: 120_000});
}

test('types: the page’s modules hold to what their comments promise', () => {
  const {status, stdout} = tsc('--pretty', 'false');
  assert.equal(status, 0, stdout);
});

test('types: all of the page’s modules are checked', () => {
  const {stdout} = tsc('--listFilesOnly');
  for (const module of readdirSync(new URL('../../web', import.meta.url)).filter((file) => file.endsWith('.js'))) {
    assert.match(stdout, new RegExp(`/web/${module.replace('.', '\\.')}$`, 'm'));
  }
});
