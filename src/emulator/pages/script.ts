/**
 * What the pages do beyond forms and links. Without it they work all the same, and what needs it stays hidden. Live
 * parts are taken from the dashboard itself, so that markup is made in one place, on the server.
 */
export const script = `'use strict';
document.documentElement.classList.add('with-script');
document.addEventListener('DOMContentLoaded', () => {
  if (document.querySelector('[data-filters]')) filterPeople();
  document.addEventListener('click', askForPassword);
  if (navigator.clipboard) offerCopies();
  document.addEventListener('submit', submitQuietly);
  if (document.getElementById('connection')) watchRequests();
});

function filterPeople() {
  const filters = document.querySelector('[data-filters]');
  const search = filters.querySelector('input');
  const chips = [...filters.querySelectorAll('button')];
  const people = [...document.querySelectorAll('[data-search]')];
  const count = filters.querySelector('[data-shown]');

  function apply() {
    const sought = search.value.trim().toLowerCase();
    const { group } = chips.find((chip) => chip.ariaPressed === 'true').dataset;
    for (const person of people) {
      person.hidden = !person.dataset.search.includes(sought) || (group !== '' && person.dataset.group !== group);
    }
    const shown = people.filter((person) => !person.hidden).length;
    count.textContent = count.dataset.shown.replace('{}', shown);
    document.querySelector('[data-nobody]').hidden = shown > 0;
  }

  search.addEventListener('input', apply);
  for (const chip of chips) {
    chip.addEventListener('click', () => {
      for (const other of chips) other.ariaPressed = String(other === chip);
      apply();
    });
  }
  // After "back" the browser has kept what was typed.
  apply();
}

function askForPassword(event) {
  const person = event.target.closest('[data-locked]');
  if (!person) return;
  event.preventDefault();
  const { account, password } = document.querySelector('[data-typed]').elements;
  account.value = person.value;
  password.focus();
}

function offerCopies() {
  document.documentElement.classList.add('with-clipboard');
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-copy]');
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const { copied } = document.getElementById('copied').dataset;
    document.getElementById('copied').textContent = copied + ' ' + button.dataset.name;
    const before = button.textContent;
    button.textContent = copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}

async function submitQuietly(event) {
  const form = event.target.closest('[data-quiet]');
  if (!form) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form, event.submitter));
  const answer = await fetch(form.getAttribute('action'), { method: 'POST', body }).catch(() => undefined);
  const refusal = document.getElementById('refusal');
  refusal.hidden = answer !== undefined && answer.ok;
  if (refusal.hidden) return show(await answer.text());
  const { error_description: reason } = answer ? await answer.json() : {};
  refusal.textContent = reason ?? document.getElementById('connection').dataset.lost;
}

function watchRequests() {
  const connection = document.getElementById('connection');
  const words = connection.textContent;
  let known;
  let busy = false;

  async function look() {
    if (document.hidden || busy) return;
    busy = true;
    const state = await textOf('/emulator/state');
    if (state !== undefined && known !== undefined && state !== known) show(await textOf('/'));
    known = state ?? known;
    connection.textContent = state === undefined ? connection.dataset.lost : words;
    connection.classList.toggle('lost', state === undefined);
    busy = false;
  }

  setInterval(look, 2000);
  document.addEventListener('visibilitychange', look);
  look();
}

async function textOf(path) {
  const answer = await fetch(path).catch(() => undefined);
  return answer && answer.ok ? answer.text() : undefined;
}

// Puts the live parts of another state of this page in place of those that differ.
function show(page) {
  if (page === undefined) return;
  const fresh = new DOMParser().parseFromString(page, 'text/html');
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(part.id);
    if (next && !part.isEqualNode(next)) replace(part, next);
  }
}

function replace(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement.id : undefined;
  const newest = (table) => table.querySelector('[data-summary]')?.dataset.summary;
  const latest = part.id === 'request-rows' ? newest(next) : undefined;
  part.replaceWith(next);
  if (focused !== undefined) (document.getElementById(focused) ?? next).focus();
  if (latest !== undefined) document.getElementById('latest-request').textContent = latest;
}
`;
