// Debian's Chromium, driven by playwright-core, that talks to nobody: what the tests of pages share.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const need = createRequire(join(process.env.OUNCE_DEPS_DIR, 'web/node_modules/'));
const { chromium } = need('playwright-core');
const AXE = need.resolve('axe-core');

/** A new folder that `use` gets, and that is gone afterwards. */
export async function withFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'ounce-web-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A browser with a new profile in `folder`; `options` are Playwright's (viewport, colorScheme). */
export function open(folder, options = {}) {
  return chromium.launchPersistentContext(mkdtempSync(join(folder, 'profile-')), {
    executablePath: process.env.OUNCE_CHROMIUM || '/usr/bin/chromium',
    headless: true,
    acceptDownloads: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
    ...options,
  });
}

/** A page that writes down what it should not do: errors, and requests that leave this machine. */
export async function watch(context) {
  const page = context.pages()[0] ?? await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => { complaints.push('dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) complaints.push('request: ' + request.url());
  });
  return { page, complaints };
}

/** Serious and critical faults that axe-core finds, in words. The page's own policy lets no script in, so that
    axe goes in through the debugger. */
export async function faults(page) {
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(AXE, 'utf8') + ';undefined');
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.filter((fault) => ['serious', 'critical'].includes(fault.impact))
    .map((fault) => `${fault.id}: ${fault.help} at ${fault.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
