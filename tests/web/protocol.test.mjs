// What the vectors cannot say about protocol.js: strangers' structures, exact numbers, URLs.

import assert from 'node:assert/strict';
import {test} from 'node:test';

import {
  checkName, checkRoom, decode, encode, messageBytes, readable, roomOfPath, socketUrl, wellFormed,
} from '../../web/protocol.js';
import {sayIn} from '../../web/texts.js';

/** @param {string} value raw JSON */
const messageFrame = (value) => `{"type":"message","seq":1,"at":2,"name":"ann","message":${value}}`;

test('decode: whatever comes, it answers and does not throw', () => {
  const nested = messageFrame('['.repeat(5000) + ']'.repeat(5000));
  for (const data of [undefined, null, 7, new ArrayBuffer(8), {}, '\u0000', nested]) {
    const {frame, error} = decode(data);
    assert.notEqual(frame === undefined, error === undefined, String(data).slice(0, 40));
  }
  assert.deepEqual(decode(new ArrayBuffer(8)), {error: 'bad_frame'});
});

test('decode: a __proto__ in a frame is a member as any other', () => {
  const {frame} = decode('{"type":"typing","__proto__":{"name":"ann"}}');
  assert.equal(frame, undefined, 'what is not its own member does not count');
  decode(messageFrame('{"__proto__":{"polluted":true}}'));
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});

test('readable: text stays text, anything else is its JSON', () => {
  const table = [
    ['hello', 'hello'], ['', ''], ['<b>', '<b>'], [null, 'null'], [true, 'true'], [1.5, '1.5'],
    [{a: ['x']}, '{"a":["x"]}'], [undefined, ''],
  ];
  for (const [value, shown] of table) assert.equal(readable(value), shown);
  let deep = /** @type {unknown[]} */ ([]);
  for (let i = 0; i < 100_000; ++i) deep = [deep];
  assert.equal(readable(deep), '[nested too deep to be shown]');
});

test('wellFormed: halves of surrogate pairs become the replacement character', () => {
  const table = [
    ['', ''], ['hello', 'hello'], ['😀', '😀'], ['\uD83D', '\uFFFD'], ['\uDE00x', '\uFFFDx'],
    ['a\uD83D\uD83D\uDE00b', 'a\uFFFD😀b'],
  ];
  for (const [given, sent] of table) assert.equal(wellFormed(given), sent);
});

test('encode: the halves never get onto the wire', () => {
  assert.equal(encode({type: 'send', n: 1, message: {a: ['\uD83D']}}), '{"type":"send","n":1,"message":{"a":["\uFFFD"]}}');
});

test('encode: members that are undefined are left out', () => {
  assert.equal(encode({type: 'hello', client: undefined, name: undefined}), '{"type":"hello"}');
});

test('messageBytes: it counts the JSON text in UTF-8', () => {
  for (const [value, bytes] of /** @type {const} */ ([['', 2], ['abc', 5], ['é', 4], ['😀', 6], ['\n', 4], ['\u0001', 8], [null, 4]])) {
    assert.equal(messageBytes(value), bytes, JSON.stringify(value));
  }
});

const english = sayIn('en', 'en');

test('checkRoom and checkName: the reason says what is wrong', () => {
  const table = [
    [checkRoom, '', /needs a name/], [checkRoom, 'a b', /letters, digits and _/], [checkRoom, 'api', /“api” is a name of the server/],
    [checkRoom, 'x'.repeat(95), /at most 94 characters; this one has 95/],
    [checkName, ' ', /visible character/], [checkName, 'a\tb', /control/],
    [checkName, 'x'.repeat(33), /at most 32 characters; this one has 33/],
    [checkName, `x${'\u0336'.repeat(64)}`, /at most 128 bytes in UTF-8; this one has 129/],
  ];
  for (const [check, given, why] of /** @type {any[]} */ (table)) assert.match(english(check(given).why), why);
});

test('roomOfPath: the last segment, decoded', () => {
  const table = [
    ['/lobby/', 'lobby'], ['/lobby', 'lobby'], ['/%E8%81%8A/', '聊'], ['/behind/a/proxy/lobby/', 'lobby'],
    ['/%FF/', ''], ['/%/', ''], ['/', ''], ['', ''],
  ];
  for (const [path, room] of table) assert.equal(roomOfPath(path), room, path);
});

test('socketUrl: beside the page, with its security', () => {
  const table = [
    ['http://chat.test/lobby/', 'lobby', 'ws://chat.test/ws/lobby/'],
    ['https://chat.test/lobby/?x=1#y', 'lobby', 'wss://chat.test/ws/lobby/'],
    ['http://chat.test:8000/%E8%81%8A/', '聊', 'ws://chat.test:8000/ws/%E8%81%8A/'],
    ['https://site.test/a/lobby/', 'lobby', 'wss://site.test/a/ws/lobby/'],
  ];
  for (const [page, room, url] of table) assert.equal(socketUrl(page, room), url);
});
