// The cases of tests/vectors that concern the page. The server runs the same ones.

import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

import {makeSecret} from '../../web/identity.js';
import {checkName, checkRoom, decode, encode, readCursor, writeCursor} from '../../web/protocol.js';

/** @param {string} name */
function casesOf(name) {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
}

/** Runs `check` on every case, and says of which one it failed. @param {string} name @param {(one: any) => void} check */
function each(name, check) {
  const cases = casesOf(name);
  assert.ok(cases.length > 0);
  for (const one of cases) {
    try {
      check(one);
    } catch (error) {
      error.message = `${JSON.stringify(one)}: ${error.message}`;
      throw error;
    }
  }
}

test('server frames: what the protocol names is read, anything else is refused', () => {
  each('server_frames.json', ({text, frame, error}) => {
    assert.deepEqual(decode(text), frame === undefined ? {error} : {frame});
  });
});

test('client frames: they are written as the server reads them', () => {
  each('client_frames.json', ({frame, text}) => assert.equal(encode(frame), text));
});

test('plain texts: any JSON parser reads what the server takes', () => {
  each('plain_texts.json', ({text, message, strict}) => {
    if (message !== undefined) assert.deepEqual(JSON.parse(text).message, JSON.parse(message));
    if (strict) assert.throws(() => JSON.parse(text), SyntaxError);
  });
});

for (const [what, file, check] of /** @type {const} */ ([['rooms', 'rooms.json', checkRoom], ['names', 'names.json', checkName]])) {
  test(`${what}: a usable one has one spelling, any other a reason`, () => {
    each(file, ({given, is}) => {
      const {name, why} = check(given);
      assert.equal(name, is);
      assert.equal(why === undefined, is !== undefined);
      if (is !== undefined) assert.equal(check(is).name, is, 'the one spelling stays as it is');
    });
  });
}

test('cursors: a link takes those of a log, which it writes as they are', () => {
  each('cursors.json', ({text, epoch, seq}) => {
    const cursor = readCursor(text);
    if (!epoch) return assert.equal(cursor, null);
    assert.deepEqual(cursor, {epoch, seq});
    assert.equal(writeCursor(/** @type {any} */ (cursor)), text);
  });
});

test('clients: what others see is derived from the secret', () => {
  each('clients.json', ({secret, client}) => {
    assert.equal(client !== undefined, /^[A-Za-z0-9_-]{16,64}$/.test(secret));
    if (client === undefined) return;
    const digest = createHash('sha256').update(`chat.v1 client ${secret}`).digest('base64url');
    assert.equal(digest.slice(0, 11), client);
  });
});

test('clients: the page makes secrets of the promised shape', () => {
  for (let value = 0; value < 256; ++value) {
    assert.match(makeSecret((bytes) => bytes.fill(value)), /^[A-Za-z0-9_-]{16,64}$/);
  }
});
