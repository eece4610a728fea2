// Chromium on the pages of a shop's people. Whatever it complains of (an error of a script, a
// breach of the content security policy, a request that was refused) fails the test that ends.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';

import {chromium} from 'playwright-core';

import {DOWNTOWN} from './account.mjs';
import {row} from './database.mjs';
import {env} from './env.mjs';
import {accessToken} from './token.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

let browser;
export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

/*
 * A browser of its own for this test, on no page yet. expected: what a complaint may be about.
 * The result: {context, page, open(path), complaints}.
 */
export async function browse(t, {expected, ...options} = {}) {
  browser ??= await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
  const context = await browser.newContext({
    baseURL: env.VA_URL,
    ignoreHTTPSErrors: true,
    locale: 'en-CA',
    viewport: {width: 1280, height: 900},
    ...options,
  });
  const complaints = [];
  context.on('console', (m) => m.type() === 'error' && complaints.push(`${m.text()} ${m.location().url}`));
  context.on('weberror', (e) => complaints.push(String(e.error())));
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints.filter((c) => !expected?.test(c)), []);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  return {context, page, complaints, open: (path) => page.goto(path)};
}

export async function signIn(page, {email, password} = DOWNTOWN) {
  await page.fill('[type=email]', email);
  await page.fill('[type=password]', password);
  await page.click('[type=submit]');
  await page.waitForSelector('#main h1');
}

// Somebody who has signed in, at that page.
export async function signedInAt(t, who, path, options) {
  const {page, open} = await browse(t, options);
  await open(path);
  await signIn(page, who);
  return page;
}

export const field = (page, name) => page.getByLabel(name, {exact: true});
export const button = (page, name) => page.getByRole('button', {name, exact: true});

/*
 * As somebody of Downtown who has signed in, by a token of a minute's age: no password has to be
 * computed. Who has no row in the database is whom the token says.
 */
export async function signedIn(context, role = 'admin') {
  const shop = await row(`select id, name, timezone from organizations where slug = 'bici-downtown'`);
  const who = await row(
      `select id, email, first_name, last_name from users where organization_id = :'shop' and role = 'admin'
        order by created_at limit 1`, {shop: shop.id});
  const id = role === 'admin' ? who.id : randomUUID();
  const token = await accessToken({userId: id, organizationId: shop.id, role});
  await context.addCookies([{name: '__Host-va', value: token, url: env.VA_URL, secure: true, httpOnly: true, sameSite: 'Strict'}]);
  const session = {
    user: {...who, id, role, organization_id: shop.id, organization_name: shop.name, organization_timezone: shop.timezone},
    until: Date.now() + 290e3,
  };
  await context.addInitScript(
      (kept) => localStorage.getItem('va.session') ?? localStorage.setItem('va.session', kept), JSON.stringify(session));
  return session.user;
}

// What axe finds against WCAG 2.1 AA and good practice, a line each.
export async function assertAccessible(page) {
  const found = await page.evaluate(`${AXE}; axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})`);
  assert.deepEqual(found.violations.flatMap(({id, nodes}) => nodes.map((n) => `${id}: ${n.target} ${n.failureSummary}`)), []);
}

export async function assertFits(page) {
  const {wide, there} = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    there: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= there, `${page.url()} is ${wide} wide on ${there}`);
}
