// What a line means that somebody writes, and what becomes of words: commands, emoji, links, code, mentions, texts.

import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {describe, test} from 'node:test';

import {COMMANDS, actionIn, meaningOf} from '../../web/commands.js';
import {completionAt, namesIn} from '../../web/completion.js';
import {EMOJI, withEmoji} from '../../web/emoji.js';
import {hueOf, initialOf} from '../../web/names.js';
import {mentions, partsOf} from '../../web/rich.js';
import {EN, ZH_HANT, languageFor, sayIn} from '../../web/texts.js';

const web = new URL('../../web/', import.meta.url);

/** @param {string} file @returns {any[]} */
function vectors(file) {
  const cases = JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
  assert.ok(cases.length > 10);
  return cases;
}

describe('commands', () => {
  test('a line is said, or a command, or nothing that may be sent', () => {
    for (const {text, say, command, argument, unknown, near, action} of vectors('lines.json')) {
      const meaning = meaningOf(text);
      if (say !== undefined) assert.deepEqual(meaning, {kind: 'say', text: say}, text);
      else if (command !== undefined) assert.deepEqual(meaning, {kind: 'command', name: command, argument}, text);
      else assert.deepEqual(meaning, {kind: 'unknown', name: unknown, near: near ?? ''}, text);
      assert.equal(say === undefined ? null : actionIn(say), action ?? null, text);
    }
  });

  test('every command is told by /help', () => {
    for (const command of COMMANDS) assert.match(EN[`help.${command}`], new RegExp(`^/${command}\\b`));
  });
});

describe('completion', () => {
  const known = {names: ['Bob', 'bea', 'eve'], rooms: ['lobby', 'harbour']};
  /** @param {string} text */
  const offered = (text) => completionAt(text, text.length, known)?.options.map(({insert}) => insert) ?? [];

  test('commands, rooms, names and emoji, each where it can stand', () => {
    const table = /** @type {[string, string[]][]} */ ([
      ['/jo', ['/join ']], ['say /jo', []], ['/join l', ['lobby']], ['/ignore B', ['Bob', 'bea']],
      ['hi @b', ['@Bob ', '@bea ']], ['mail@b', []], [':rock', ['🚀']], [':r', []], ['a:rock', []], ['hello', []],
    ]);
    for (const [text, inserts] of table) assert.deepEqual(offered(text), inserts, text);
  });

  test('it begins where the half-written word does', () => {
    assert.equal(completionAt('hi @b there', 5, known)?.from, 3);
    assert.equal(completionAt('so :rock', 8, known)?.from, 3);
  });

  test('who spoke last comes first, ourselves never', () => {
    const rows = ['ann', 'bob', 'eve', 'bob'].map((name) => ({kind: 'message', name}));
    const state = /** @type {any} */ ({rows, members: ['ann', 'joe', 'eve'], me: {name: 'ann'}});
    assert.deepEqual(namesIn(state), ['bob', 'eve', 'joe']);
  });
});

describe('emoji', () => {
  test('known short names become emoji, outside of code and words; half-written ones are offered', () => {
    for (const {text, is, typed, from, first} of vectors('emoji.json')) {
      if (text !== undefined) assert.equal(withEmoji(text), is, text);
      if (typed === undefined) continue;
      const offered = completionAt(typed, typed.length, {names: [], rooms: []});
      assert.equal(offered?.options[0].insert, first, typed);
      if (first !== undefined) assert.equal(typed.slice(0, offered?.from), from, typed);
    }
  });

  test('every short name can be written, and stands for an emoji', () => {
    assert.ok(EMOJI.size > 250);
    for (const [name, emoji] of EMOJI) {
      assert.match(name, /^[a-z0-9_+-]+$/);
      assert.match(emoji, /^[\p{Emoji}\u200d\ufe0f]+$/u, name);
      assert.equal(withEmoji(`:${name}:`), emoji);
    }
  });
});

describe('rich text', () => {
  /** @param {string} text @param {string} [me] */
  const kinds = (text, me) => partsOf(text, me).filter(({kind}) => kind !== 'text').map((part) => `${part.kind} ${part.text}`);

  test('links are of the web, end before the punctuation, and lead where they say', () => {
    const table = /** @type {[string, string[]][]} */ ([
      ['see https://a.b/c?d=e#f.', ['link https://a.b/c?d=e#f']],
      ['(http://a.b/c_(d))', ['link http://a.b/c_(d)']], ['[x](http://a.b)', ['link http://a.b']],
      ['http://a.b，然後', ['link http://a.b']], ['HTTPS://A.B', ['link HTTPS://A.B']],
      ['javascript:alert(1) data:text/html,x ftp://a.b file:///etc', []],
      ['https://bank.example@evil.example', []], ['https://', []], ['xhttps://a.b', []],
      ['https://a.b/\u202egpj.exe', ['link https://a.b/']], ['"https://a.b"', ['link https://a.b']],
    ]);
    for (const [text, found] of table) assert.deepEqual(kinds(text), found, text);
  });

  test('nothing is lost: the parts are the text', () => {
    for (const text of ['', 'a', 'x https://a.b, y ann', '<b>https://a.b</b> @ann! http://u:p@h http://c.d']) {
      assert.equal(partsOf(text, 'ann').map((part) => part.text).join(''), text);
    }
  });

  test('code is shown as it is: no links, no mentions in it', () => {
    assert.deepEqual(kinds('`ann https://a.b` and ```js\nlet ann;\n  x\n``` ann', 'ann'),
      ['code ann https://a.b', 'block let ann;\n  x', 'mention ann']);
    assert.deepEqual(kinds('`` ` `a\nb` ```'), []);
  });

  test('a name is mentioned as a word, however it is written', () => {
    for (const {text, name, is} of vectors('mentions.json')) assert.equal(mentions(text, name), is, `${text} / ${name}`);
  });

  test('a long hostile text is taken apart in no time', () => {
    for (const piece of ['`', '```', 'https://', '@', ':a', '(http://a.b', '\u0301']) {
      const start = performance.now();
      partsOf(withEmoji(piece.repeat(20_000 / piece.length)), 'ann');
      assert.ok(performance.now() - start < 2000, piece);
    }
  });
});

describe('names', () => {
  test('a name always has one colour of eight, and a letter of its own', () => {
    const hues = new Set(Array.from({length: 200}, (_, i) => hueOf(`name ${i}`)));
    assert.deepEqual([...hues].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(hueOf('ann'), hueOf('ann'));
    assert.deepEqual(['ann', '小明', '!?', '«é»'].map(initialOf), ['A', '小', '•', 'É']);
  });
});

describe('texts', () => {
  const en = sayIn('en', 'en');

  test('everything that is said in English is said in Chinese, about the same things', () => {
    const about = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    const keys = Object.keys(EN).filter((key) => !key.endsWith('.one'));
    for (const key of keys) {
      assert.ok(ZH_HANT[key], key);
      assert.deepEqual(new Set(about(ZH_HANT[key])), new Set(about(EN[key])), key);
    }
    const more = Object.keys(ZH_HANT).filter((key) => EN[key] === undefined && !key.startsWith('code.'));
    assert.deepEqual(more, []);
  });

  test('every text that the page asks for is there, and every one that is there is asked for', () => {
    const files = readdirSync(web).filter((file) => /\.(js|html)$/.test(file) && file !== 'texts.js');
    const source = files.map((file) => readFileSync(new URL(file, web), 'utf8')).join('\n');
    const groups = [...new Set(Object.keys(EN).map((key) => key.split('.')[0]))].join('|');
    const asked = [...source.matchAll(new RegExp(`["'](?:key: )?((?:${groups})\\.[\\w.]+)["']`, 'g'))].map(([, key]) => key);
    assert.ok(asked.length > 100);
    for (const key of asked.filter((one) => !one.endsWith('.js'))) assert.ok(EN[key], key);
    const built = /^(lost|log\.(older|newer|trimmed|replaced))|\.one$/;
    const idle = Object.keys(EN).filter((key) => !built.test(key) && key !== 'noscript' && !asked.includes(key));
    assert.deepEqual(idle, []);
  });

  test('what stands in the HTML is what the English text says', () => {
    for (const file of ['index.html', 'room.html']) {
      const html = readFileSync(new URL(file, web), 'utf8');
      const written = [...html.matchAll(/data-text="([\w.]+)"[^>]*>([^<]*)</g)];
      assert.ok(written.length > 4);
      for (const [, key, text] of written) assert.equal(text, EN[key], key);
      for (const [tag] of html.matchAll(/<[^>]*data-(?:label|placeholder|title)=[^>]*>/g)) {
        for (const [from, to] of [['data-label', 'aria-label'], ['data-placeholder', 'placeholder'], ['data-title', 'title']]) {
          const [, key] = new RegExp(`${from}="([^"]*)"`).exec(tag) ?? [];
          if (key) assert.match(tag, new RegExp(`\\s${to}="${EN[key]}"`), key);
        }
      }
    }
  });

  test('one and many, numbers as the reader writes them', () => {
    assert.equal(en({key: 'log.unseen', count: 1}), '1 new message ↓');
    assert.equal(en({key: 'log.unseen', count: 12345}), '12,345 new messages ↓');
    assert.equal(sayIn('zh-Hant', 'zh-TW')({key: 'log.unseen', count: 1}), '1 則新訊息 ↓');
    assert.equal(sayIn('en', 'en-IN')({key: 'message.whole', count: 123456}), 'Show all 1,23,456 characters');
  });

  test('what nobody has words for is told as the server said it', () => {
    assert.equal(en({key: 'code.busy', text: 'too much to do'}), 'too much to do');
    assert.equal(sayIn('zh-Hant', 'zh-TW')({key: 'code.busy', text: 'too much to do'}), ZH_HANT['code.busy']);
    assert.equal(en('words of a server'), 'words of a server');
    assert.equal(en({key: 'name.taken', wish: '{name}', name: 'x'}), '“{name}” is taken here; you are “x”.');
  });

  test('the language is the first that is wanted and known', () => {
    const table = /** @type {[string[], string, string][]} */ ([
      [['en-GB', 'zh-TW'], 'en', 'en-GB'], [['zh-TW', 'en'], 'zh-Hant', 'zh-TW'], [['de', 'zh-HK'], 'zh-Hant', 'zh-HK'],
      [['zh-CN'], 'zh-Hant', 'zh-Hant'], [['de-DE', 'fr'], 'en', 'en'], [[], 'en', 'en'],
    ]);
    for (const [wanted, language, locale] of table) assert.deepEqual(languageFor(wanted), {language, locale});
  });
});
