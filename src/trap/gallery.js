'use strict';
// Everything shown comes from the JSON in the page and goes in as text, never as markup: file names, camera
// names and tags are whatever was on the card.
const data = JSON.parse(document.getElementById('data').textContent);
const at = (id) => document.getElementById(id);
const make = (name, cls, text) => {
  const node = document.createElement(name);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = text;
  return node;
};
const store = 'ounce-sift:' + data.run;
let answers = {};
try { answers = JSON.parse(localStorage.getItem(store) || '{}') || {}; } catch { answers = {}; }
const lists = {events: data.events, audit: data.audit};
let which = 'events', filter = '', in_time = false, shown = [], current = -1, frame = 0;

const sought = data.target || 'an animal';
const word = (p) => p >= .9 ? 'sure' : p >= .6 ? 'likely' : p >= .25 ? 'doubtful' : 'unlikely';
const percent = (p) => Math.round(p * 100) + ' %';
const time = (text) => text.replace('T', ' ').slice(0, 16);
const spaced = (tag) => tag.replaceAll('_', ' ');

// Cameras of one make share their first words: a card has room for what tells them apart.
const cameras = [...new Set(data.events.concat(data.audit).map((e) => e.camera))].map((name) => name.split(' '));
let common = 0;
while (cameras.length > 1 && cameras.every((words) => words.length > common + 1 && words[common] === cameras[0][common])) ++common;
const camera_name = (name) => name.split(' ').slice(common).join(' ');

// The wall's pictures have one shape, that of most frames, so that nothing jumps and little stays black.
const shapes = data.events.concat(data.audit).map((e) => e.frames[e.best]).filter((f) => f && f.w && f.h)
  .map((f) => f.w / f.h).sort((a, b) => a - b);
const ratio = shapes.length ? Math.min(Math.max(shapes[shapes.length >> 1], 1), 16 / 9) : 4 / 3;
at('wall').style.setProperty('--ratio', String(ratio));

function remember() {
  try { localStorage.setItem(store, JSON.stringify(answers)); at('save').title = ''; } catch {
    at('save').title = 'This browser does not keep answers: save them before you close the page.';
  }
}

function place(node, img, box) {
  if (!box) { node.hidden = true; return; }
  node.hidden = false;
  [node.style.left, node.style.top, node.style.width, node.style.height] = box.map((part) => part * 100 + '%');
}

// The box lies on the picture, which may not fill its frame: letterboxed sides are taken off.
function inset(f) {
  if (!f.box || !f.w || !f.h) return null;
  const own = f.w / f.h, room = ratio, [x, y, w, h] = f.box;
  if (own > room) { const s = room / own, o = (1 - s) / 2; return [x, o + y * s, w, h * s]; }
  const s = own / room, o = (1 - s) / 2;
  return [o + x * s, y, w * s, h];
}

function label(answer) {
  if (!answer) return '';
  return answer.answer === 'other' ? spaced(answer.tag) : answer.answer === 'yes' ? 'Yes' : 'No';
}

function stampOf(card, event) {
  const old = card.querySelector('.stamp');
  if (old) old.remove();
  const answer = answers[event.id];
  if (answer) card.querySelector('.shot').append(make('span', 'stamp ' + answer.answer, label(answer)));
}

function cardOf(event, index) {
  const card = make('button', 'card');
  card.type = 'button';
  card.dataset.index = index;
  const shot = make('div', 'shot');
  const best = event.frames[event.best];
  if (best && best.src) {
    const img = make('img');
    img.src = best.src;
    img.alt = '';
    img.decoding = 'async';
    shot.append(img);
    const box = make('div', 'box');
    place(box, img, inset(best));
    shot.append(box);
  }
  if (event.n > 1) shot.append(make('span', 'many', event.n + ' pictures'));
  const words = make('div', 'words'), what = make('div', 'what'), where = make('div', 'where');
  what.append(make('b', '', spaced(event.tag)));
  const sure = make('span', 'sure', word(event.p));
  sure.dataset.word = word(event.p);
  sure.title = spaced(event.tag) + ' ' + percent(event.p) + ', any animal ' + percent(event.gate);
  what.append(sure);
  const camera = make('span', '', camera_name(event.camera));
  camera.title = event.camera;
  const when = make('time', '', time(event.time));
  when.title = event.time;
  where.append(when, camera);
  words.append(what, where);
  if (data.target && event.tag !== data.target)
    words.append(make('div', 'where', spaced(data.target) + ': ' + word(event.score)));
  card.append(shot, words);
  stampOf(card, event);
  return card;
}

function counts() {
  const list = lists[which], done = list.filter((e) => answers[e.id]).length;
  at('done').textContent = list.length ? done + ' of ' + list.length + ' answered' : '';
}

function draw() {
  shown = lists[which].filter((e) => !filter || e.tag === filter);
  if (in_time) shown.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  at('order').setAttribute('aria-pressed', String(in_time));
  const wall = at('wall');
  wall.replaceChildren(...shown.map(cardOf));
  at('none').hidden = shown.length > 0;
  at('none').textContent = which === 'audit' ? 'Nothing was set aside: there is nothing to check.' : 'No events here.';
  for (const name of ['events', 'audit']) at('tab-' + name).setAttribute('aria-selected', String(name === which));
  at('note').textContent = which === 'audit'
    ? 'These events were drawn at random from all that were set aside. Say of each whether ' + sought +
      ' is in it: from your answers, "ounce sift audit" tells how much was missed. Answer all of them.'
    : data.promise;
  const tags = [...new Set(lists[which].map((e) => e.tag))];
  at('chips').replaceChildren(...(tags.length > 1 ? [''].concat(tags) : []).map((tag) => {
    const chip = make('button', 'chip', spaced(tag) || 'all');
    chip.type = 'button';
    chip.setAttribute('aria-pressed', String(tag === filter));
    chip.addEventListener('click', () => { filter = tag; draw(); });
    return chip;
  }));
  at('pages').hidden = which === 'audit';
  counts();
}

function show(index, at_frame) {
  current = index;
  const event = shown[index];
  frame = at_frame === undefined ? event.best : at_frame;
  at('v-what').textContent = spaced(event.tag);
  const sure = at('v-sure');
  sure.textContent = word(event.p);
  sure.dataset.word = word(event.p);
  sure.title = percent(event.p);
  at('v-where').textContent = event.camera + ' · event ' + (index + 1) + ' of ' + shown.length;
  at('v-yes').replaceChildren('Yes', make('span', 'of', spaced(which === 'audit' ? sought : event.tag)), make('kbd', '', 'Y'));
  at('v-no').replaceChildren('No', make('kbd', '', 'N'));
  const answer = answers[event.id] || {};
  at('v-yes').setAttribute('aria-pressed', String(answer.answer === 'yes'));
  at('v-no').setAttribute('aria-pressed', String(answer.answer === 'no'));
  at('v-tag').setAttribute('aria-pressed', String(answer.answer === 'other'));
  at('strip').hidden = event.frames.length < 2;
  at('strip').replaceChildren(...event.frames.map((f, i) => {
    const button = make('button');
    button.type = 'button';
    button.setAttribute('aria-label', 'Frame ' + (i + 1));
    button.setAttribute('aria-current', String(i === frame));
    if (f.src) { const img = make('img'); img.src = f.src; img.alt = ''; button.append(img); }
    button.addEventListener('click', () => show(current, i));
    return button;
  }));
  const f = event.frames[frame], image = at('v-image');
  at('v-time').textContent = f.time.replace('T', ' ');
  at('v-open').href = f.href;
  image.alt = spaced(event.tag) + ', ' + f.name;
  image.src = f.src || '';
  // The original shows more, if this page still lies where it was written.
  const large = new Image();
  large.onload = () => { if (shown[current] === event && event.frames[frame] === f) image.src = large.src; };
  large.src = f.href;
  place(at('v-box'), image, f.box);
  if (!at('viewer').open) at('viewer').showModal();
  fit();
}

function fit() {
  const event = shown[current];
  if (!event) return;
  const f = event.frames[frame], stage = at('stage'), ratio = f.w && f.h ? f.w / f.h : 4 / 3;
  const height = Math.min(stage.clientHeight, stage.clientWidth / ratio);
  at('figure').style.height = height + 'px';
  at('figure').style.width = height * ratio + 'px';
  at('v-image').style.width = '100%';
}

function card(index) { return at('wall').children[index]; }

function answer(index, value, tag) {
  const event = shown[index];
  if (!event) return;
  if (value) answers[event.id] = {answer: value, tag: tag || ''};
  else delete answers[event.id];
  remember();
  stampOf(card(index), event);
  counts();
  if (!value) { if (at('viewer').open) show(index, frame); return; }
  const next = Math.min(index + 1, shown.length - 1);
  if (at('viewer').open) show(next, next === index ? frame : undefined);
  else card(next).focus();
}

const yes = (i) => answer(i, 'yes', which === 'audit' ? data.target : shown[i].tag);
const no = (i) => answer(i, 'no', '');

let asked = -1;
function ask(index) {
  asked = index;
  at('tag-list').replaceChildren(...data.tags.map((tag, i) => {
    const button = make('button', 'button');
    button.type = 'button';
    if (i < 9) button.append(make('kbd', '', String(i + 1)));
    button.append(spaced(tag));
    button.addEventListener('click', () => { at('tags').close(); answer(asked, 'other', tag); });
    return button;
  }));
  at('tag-free').value = '';
  at('tags').showModal();
}
at('tag-form').addEventListener('submit', () => {
  const tag = at('tag-free').value.trim();
  if (tag) answer(asked, 'other', tag);
});

function columns() {
  const wall = at('wall');
  let n = 0;
  while (n < wall.children.length && wall.children[n].offsetTop === wall.children[0].offsetTop) ++n;
  return Math.max(n, 1);
}

document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (at('tags').open) {
    const n = Number(e.key);
    if (document.activeElement !== at('tag-free') && n >= 1 && n <= Math.min(9, data.tags.length)) {
      at('tag-list').children[n - 1].click();
      e.preventDefault();
    }
    return;
  }
  if (e.key === '?') { at('help').open ? at('help').close() : at('help').showModal(); return; }
  if (at('help').open) return;
  const viewing = at('viewer').open;
  const focused = document.activeElement && document.activeElement.closest('.card');
  const index = viewing ? current : focused ? Number(focused.dataset.index) : -1;
  const key = e.key.toLowerCase();
  const step = {arrowright: 1, arrowleft: -1, arrowdown: viewing ? 1 : columns(), arrowup: viewing ? -1 : -columns()}[key];
  if (step !== undefined && shown.length) {
    e.preventDefault();
    if (viewing && (key === 'arrowleft' || key === 'arrowright')) {
      const frames = shown[current].frames.length;
      show(current, Math.min(Math.max(frame + step, 0), frames - 1));
    } else {
      const next = index < 0 ? 0 : index + step;
      if (next >= 0 && next < shown.length) viewing ? show(next) : card(next).focus();
    }
  } else if (index >= 0 && key === 'y') { yes(index);
  } else if (index >= 0 && key === 'n') { no(index);
  } else if (index >= 0 && key === 't') { e.preventDefault(); ask(index);
  } else if (index >= 0 && key === 'u') { answer(index, '', '');
  } else if (!viewing && key === 's') { reorder();
  } else if (viewing && key === 'o') { window.open(at('v-open').href, '_blank', 'noopener');
  }
});

at('wall').addEventListener('click', (e) => {
  const hit = e.target.closest('.card');
  if (hit) show(Number(hit.dataset.index));
});
at('viewer').addEventListener('close', () => { if (card(current)) card(current).focus(); });
at('v-close').addEventListener('click', () => at('viewer').close());
at('v-yes').addEventListener('click', () => yes(current));
at('v-no').addEventListener('click', () => no(current));
at('v-tag').addEventListener('click', () => ask(current));
at('v-back').addEventListener('click', () => { if (current > 0) show(current - 1); });
at('v-next').addEventListener('click', () => { if (current + 1 < shown.length) show(current + 1); });
function reorder() { in_time = !in_time; draw(); }
at('order').addEventListener('click', reorder);
at('keys').addEventListener('click', () => at('help').showModal());
at('help-close').addEventListener('click', () => at('help').close());
window.addEventListener('resize', fit);

at('save').addEventListener('click', () => {
  const cell = (text) => /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  const lines = Object.entries(answers).map(([id, a]) => [id, a.answer, a.tag || ''].map(cell).join(','));
  const link = make('a');
  link.href = URL.createObjectURL(new Blob(['event,answer,tag\n' + lines.join('\n') + (lines.length ? '\n' : '')], {type: 'text/csv'}));
  link.download = 'answers.csv';
  link.click();
  URL.revokeObjectURL(link.href);
});

document.title = data.title;
at('title').textContent = data.title;
at('sum').textContent = data.sum;
at('tab-events').append('To look at ', make('span', 'count', String(data.look)));
at('tab-audit').append('Audit ', make('span', 'count', String(data.audit.length)));
at('tab-audit').hidden = !data.audit.length;
for (const name of ['events', 'audit'])
  at('tab-' + name).addEventListener('click', () => { which = name; filter = ''; draw(); });
if (data.pages.length > 1)
  at('pages').append(...data.pages.map((page, i) => {
    const link = make('a', 'chip', String(i + 1));
    link.href = page;
    if (i + 1 === data.page) link.setAttribute('aria-current', 'page'), link.setAttribute('aria-pressed', 'true');
    return link;
  }));
draw();
