// @ts-check
// The page that picks a room.

import {element, find, localize} from './dom.js';
import {checkRoom} from './protocol.js';
import {Shelf, storeOrNull} from './shelf.js';
import {languageFor, sayIn} from './texts.js';

const MOST_RECENT = 8;

const form = /** @type {HTMLFormElement} */ (find('room-form'));
const input = /** @type {HTMLInputElement} */ (find('room-name-input'));
const {language, locale} = languageFor(navigator.languages);
const say = sayIn(language, locale);

/** @param {import('./texts.js').Text} why */
function show(why) {
  find('room-problem').textContent = say(why);
  input.ariaInvalid = why === '' ? 'false' : 'true';
}

function showRecent() {
  const shelf = new Shelf({tab: null, browser: storeOrNull(() => localStorage)});
  const rooms = shelf.visits().slice(0, MOST_RECENT);
  find('recent-rooms').hidden = rooms.length === 0;
  find('recent-list').replaceChildren(...rooms.map(({room}) => {
    const link = element('a', '', element('bdi', '', room));
    link.href = `./${encodeURIComponent(room)}/`;
    return element('li', '', link);
  }));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const {name, why} = checkRoom(input.value.trim());
  if (name === undefined) {
    show(why);
    input.focus();
    return;
  }
  location.assign(`./${encodeURIComponent(name)}/`);
});

input.addEventListener('input', () => show(''));
localize(say, language);
showRecent();
input.focus();
