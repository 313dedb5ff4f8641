// The page that `ounce sift` writes, as a ranger uses it. Run by ctest; by hand, see tests/web/README.md.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { faults, open, watch, withFolder } from './browser.mjs';

const root = process.env.OUNCE_SOURCE_DIR;
const shots = process.env.OUNCE_WEB_SHOTS;
const hostile = '</script><img src=x onerror=alert(1)>.jpg'.replace('/', '⁄');
let folder, release, tagged, untrained;

const ounce = (...words) => execFileSync(process.env.OUNCE_PROGRAM, words, { encoding: 'utf8' });
const photographs = (tag) => readdirSync(join(root, 'demo/photographs', tag)).filter((name) => name.endsWith('.jpg'))
  .sort().map((name) => join(root, 'demo/photographs', tag, name));

before(async () => {
  // The folder lives as long as the tests.
  await new Promise((made) => {
    withFolder((path) => new Promise((gone) => { folder = path; release = gone; made(); }));
  });
  const cards = join(folder, 'cards');
  // Two events of three frames and four of one; names give the times.
  const put = (source, name, camera = 'gate') => {
    mkdirSync(join(cards, camera), { recursive: true });
    cpSync(source, join(cards, camera, name));
  };
  const deer = photographs('red_deer'), empty = photographs('empty'), agouti = photographs('agouti');
  deer.slice(0, 3).forEach((source, i) => put(source, `IMG_20240501_10000${i}.jpg`));
  agouti.slice(0, 3).forEach((source, i) => put(source, `IMG_20240502_11000${i}.jpg`, 'north ridge'));
  empty.slice(0, 3).forEach((source, i) => put(source, `IMG_20240503_1${i}0000.jpg`));
  put(agouti[4], hostile, '<b>camera');
  // By a model with several tags, and untrained, which finds boxes and sets some aside.
  tagged = join(folder, 'tagged');
  ounce('sift', cards, '--out', tagged, '--quiet', '--model', join(root, 'tests/data/seed-models/apple-banana'));
  untrained = join(folder, 'untrained');
  ounce('sift', cards, '--out', untrained, '--quiet');
});
after(() => release());

/** Opens the page, gives it to `use`, and finds that nothing was complained of. */
async function visit(out, options, use) {
  const context = await open(folder, options);
  try {
    const { page, complaints } = await watch(context);
    await page.goto('file://' + join(out, 'index.html'));
    await use(page, context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

const focused = (page) => page.evaluate(() => document.activeElement.dataset.index);
const stamps = (page) => page.locator('.stamp').allTextContents();
/** What is wider than the window, or lies beside it. */
const beside = (page) => page.evaluate(() => [...document.querySelectorAll('button, a, h1, p, img, b, time')]
  .filter((node) => !node.closest('.strip, .chips') && node.checkVisibility())
  .map((node) => [node.id || node.className || node.tagName, node.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0 && (box.left < -1 || box.right > innerWidth + 1)).map(([name]) => name));
const data = (out) => JSON.parse(/id="data">(.*?)<\/script>/s.exec(readFileSync(join(out, 'index.html'), 'utf8'))[1]);

test('keys alone lead through events and frames', () => visit(tagged, {}, async (page) => {
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), '0');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), '1');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  const events = data(tagged).events;
  const many = events.findIndex((event) => event.frames.length === 3);
  for (let i = 0; i < many; ++i) await page.keyboard.press('ArrowDown');
  const place = () => page.locator('.strip button').evaluateAll((all) => all.findIndex((b) => b.ariaCurrent === 'true'));
  for (let i = 0; i < 3; ++i) await page.keyboard.press('ArrowLeft');
  assert.equal(await place(), 0);
  await page.keyboard.press('ArrowRight');
  assert.equal(await place(), 1);
  assert.match(await page.locator('#v-time').textContent(), new RegExp(events[many].frames[1].time.replace('T', ' ')));
  await page.keyboard.press('Escape');
  // The browser tells of a closed dialog when it comes to it: then the card has the focus again.
  await page.waitForFunction((index) => document.activeElement.dataset.index === index, String(many));
  await page.keyboard.press('?');
  assert.ok(await page.locator('#help').isVisible());
}));

test('answers survive a reload, and audit accepts what is saved', () => visit(untrained, {}, async (page) => {
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('y');
  await page.keyboard.press('n');
  await page.keyboard.press('t');
  await page.locator('#tag-free').fill('fox, "red"');
  await page.keyboard.press('Enter');
  const given = await stamps(page);
  assert.deepEqual(given, ['Yes', 'No', 'fox, "red"']);
  await page.reload();
  assert.deepEqual(await stamps(page), given);
  await page.locator('#tab-audit').click();
  const sample = await page.locator('.card').count();
  assert.equal(sample, data(untrained).audit.length);
  assert.ok(sample > 0, 'the season has a sample');
  await page.locator('.card').first().focus();
  for (let i = 0; i < sample; ++i) await page.keyboard.press('n');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#save').click()]);
  const answers = join(folder, 'answers.csv');
  await download.saveAs(answers);
  assert.equal(download.suggestedFilename(), 'answers.csv');
  const report = JSON.parse(ounce('sift', 'audit', untrained, '--answers', answers, '--json'));
  assert.equal(report.misses, 0);
  assert.equal(report.missed_events_at_most, 0);
  await page.locator('.card').first().focus();
  await page.keyboard.press('u');
  assert.equal((await stamps(page)).length, sample - 1);
}));

test('a tag filters, time orders', () => visit(tagged, {}, async (page) => {
  const events = data(tagged).events;
  const tags = [...new Set(events.map((event) => event.tag))];
  assert.equal(tags.length, 2);
  await page.locator('.chip', { hasText: tags[1] }).click();
  assert.equal(await page.locator('.card').count(), events.filter((event) => event.tag === tags[1]).length);
  await page.locator('.chip', { hasText: 'all' }).click();
  await page.keyboard.press('s');
  const times = await page.locator('.card time').allTextContents();
  assert.deepEqual(times, [...times].sort());
  assert.equal(times.length, events.length);
}));

test('a hostile name stays text', () => visit(untrained, {}, async (page) => {
  for (const tab of ['#tab-events', '#tab-audit']) {
    await page.locator(tab).click();
    for (let i = 0; i < await page.locator('.card').count(); ++i) {
      await page.locator('.card').nth(i).click();
      await page.keyboard.press('Escape');
    }
  }
  assert.equal(await page.locator('img[src=x], main script, .card b b').count(), 0);
  assert.match(await page.content(), /onerror=alert/);
}));

test('the policy lets no foreign script or picture in', () => visit(tagged, {}, async (page) => {
  // Said here, not to the watcher: the refusals are what is tested.
  page.removeAllListeners('console');
  page.removeAllListeners('request');
  const ran = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.body.append(script);
    const link = document.createElement('a');
    link.setAttribute('onclick', 'globalThis.ran = true');
    document.body.append(link);
    link.click();
    const fetched = await fetch('data:text/plain,x').then(() => true, () => false);
    return [Boolean(globalThis.ran), fetched];
  });
  assert.deepEqual(ran, [false, false]);
}));

for (const [name, options] of Object.entries({
  wide: { viewport: { width: 1280, height: 900 } },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 } },
})) {
  test(`${name}: nothing lies beside the window, and axe finds no serious fault`, () => visit(untrained, options, async (page) => {
    const look = async (what) => {
      assert.deepEqual(await beside(page), [], what);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), what);
      assert.deepEqual(await faults(page), [], what);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${what}.png`) });
    };
    await look('wall');
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(/^rgb\((\d+)/.exec(ground)[1] < 128, name === 'dark');
    await page.locator('.card').first().click();
    await look('event');
    const box = await page.locator('#v-box').boundingBox(), picture = await page.locator('#v-image').boundingBox();
    assert.ok(box.x >= picture.x - 2 && box.x + box.width <= picture.x + picture.width + 2);
    await page.keyboard.press('t');
    await look('tag');
  }));
}
