// @ts-check
// The page that picks a room.

import {checkRoom} from './protocol.js';

const form = /** @type {HTMLFormElement} */ (document.getElementById('room-form'));
const input = /** @type {HTMLInputElement} */ (document.getElementById('room-name-input'));
const problem = /** @type {HTMLElement} */ (document.getElementById('room-problem'));

/** @param {string} why */
function show(why) {
  problem.textContent = why;
  input.ariaInvalid = why === '' ? 'false' : 'true';
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
input.focus();
