// The pages of a shop's people in a real browser: signing in and staying so, languages, colours,
// small screens, the keyboard, and what nobody may see. Live calls are in pages_live.test.mjs.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {assertAccessible, assertFits, browse, closeBrowser, signedIn, signIn} from './lib/browser.mjs';
import {row} from './lib/database.mjs';
import {call} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {phone} from './lib/phone.mjs';

let ours, theirs;
const callOf = async (sid) => (await row(`SELECT id FROM calls WHERE twilio_call_sid = :'sid'`, {sid})).id;

before(async () => {
  for (const [shop, keep] of [[DOWNTOWN, (id) => ours = id], [UPTOWN, (id) => theirs = id]]) {
    const {sid} = await phone({from: stranger(), to: shop.number, script: [{say: 'what are your hours?'}, {say: 'thank you, goodbye'}]});
    keep(await callOf(sid));
  }
});
after(closeBrowser);

const live = (page) => page.waitForSelector('[data-connection=live]');
const session = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('va.session')));
// The access cookie has run out, as far as the pages know.
const expire = (page) => page.evaluate(() => {
  const kept = JSON.parse(localStorage.getItem('va.session'));
  localStorage.setItem('va.session', JSON.stringify({...kept, until: Date.now() - 1}));
});

test('the document is nobody\'s to change, frame or keep; what it names may be kept', async () => {
  for (const path of ['/', '/dashboard', '/calls', `/calls/${ours}`, '/customers', '/customers/x', '/appointments',
                      '/knowledge', '/settings', '/voice-settings', '/team', '/analytics', '/admin/upgrade', '/signup']) {
    const {status, headers} = await call('GET', path);
    assert.equal(status, 200, path);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8', path);
    assert.equal(headers['cache-control'], 'no-cache', path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['referrer-policy'], 'same-origin', path);
    const policy = headers['content-security-policy'];
    for (const rule of ['default-src \'none\'', 'script-src \'self\'', 'connect-src \'self\'', 'frame-ancestors \'none\''])
      assert.ok(policy.includes(rule), `${path}: ${policy}`);
    assert.doesNotMatch(policy, /unsafe|\*/);
  }
  for (const method of ['POST', 'PUT', 'DELETE'])
    assert.equal((await call(method, '/dashboard', {body: {}})).status, 405);
  const {text} = await call('GET', '/');
  const files = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((m) => m[1]);
  assert.equal(files.length, 3);
  for (const file of files) {
    const {status, headers} = await call('GET', file);
    assert.equal(status, 200, file);
    assert.match(file, /-[A-Z0-9]{8}\.(?:js|css)$/);
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(headers['content-type'], /^text\/(?:javascript|css); charset=utf-8$/);
  }
  for (const path of ['/calls/a/b', '/dashboard/assets/none.js', '/dashboard/assets/../index.html', '/nothing'])
    assert.equal((await call('GET', path)).status, 404, path);
});

test('signing in: a wrong password is told, the right one shows the shop, and no script can read a token', async (t) => {
  const {page, open} = await browse(t, {expected: /401 .*\/api\/auth\/login/});
  await open('/');
  await assertAccessible(page);
  await page.fill('[type=email]', DOWNTOWN.email);
  await page.fill('[type=password]', 'not the password');
  await page.click('[type=submit]');
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.type), 'password');
  await signIn(page);
  assert.equal(new URL(page.url()).pathname, '/dashboard');
  await live(page);
  const kept = await page.evaluate(() => JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie);
  assert.doesNotMatch(kept, /eyJ|refresh|token/);

  await page.getByRole('button', {name: 'Sign out'}).click();
  await page.waitForSelector('[type=password]');
  await open('/calls');
  await page.waitForSelector('[type=password]');
  assert.equal((await page.context().cookies()).length, 0);
});

test('a session is prolonged, by one of the tabs, and one that has ended comes back to its page', async (t) => {
  const {page, context, open} = await browse(t, {expected: /401/});
  await open('/calls?status=completed');
  await signIn(page);
  const other = await context.newPage();
  await other.goto('/dashboard');
  await live(other);
  const before = await session(page);
  await expire(page);
  const refreshes = [];
  context.on('request', (r) => r.url().endsWith('/api/auth/refresh') && refreshes.push(r));
  await Promise.all([page.reload(), other.reload()]);
  await page.waitForSelector('.table tbody tr');
  await live(other);
  assert.equal(refreshes.length, 1);
  assert.ok((await session(page)).until > before.until);

  await context.clearCookies();
  await expire(page);
  await page.reload();
  await page.waitForSelector('[type=password]');
  await other.waitForSelector('[type=password]');
  assert.equal(new URL(page.url()).search, '?status=completed');
  await signIn(page);
  await page.waitForSelector('.table tbody tr');
  assert.equal(new URL(page.url()).pathname, '/calls');
  await other.waitForSelector('#main h1');
});

test('a call is found, read, and judged; another shop\'s is not there', async (t) => {
  const {page, context, open} = await browse(t, {expected: /404 .*\/api\/calls\//});
  await signedIn(context);
  await open('/calls');
  await page.locator(`a[href="/calls/${ours}"]`).click();
  await page.getByRole('log').getByText('what are your hours?').waitFor();
  await page.getByRole('heading', {name: 'How long answers took'}).waitFor();
  await assertAccessible(page);
  await page.getByLabel('Outcome').selectOption('information_only');
  await page.getByText('The outcome is kept.').waitFor();
  assert.equal((await row(`SELECT outcome FROM calls WHERE id = :'ours'`, {ours})).outcome, 'information_only');

  await open('/calls?q=nobody+is+called+so');
  await page.getByText('No call matches').waitFor();
  for (const id of [theirs, randomUUID(), 'x']) {
    await open(`/calls/${id}`);
    await page.getByRole('heading', {name: 'Not found'}).waitFor();
  }
});

test('what a role may not do is not shown', async (t) => {
  const {page, context, open} = await browse(t);
  await signedIn(context, 'service_tech');
  await open(`/calls/${ours}`);
  await page.getByRole('heading', {name: 'Not found'}).waitFor();
  assert.equal(await page.getByRole('link', {name: 'Calls'}).count(), 0);
});

test('French, in the dark, on a small screen', async (t) => {
  const {page, context, open} = await browse(t, {locale: 'fr-CA', colorScheme: 'dark', viewport: {width: 360, height: 740}});
  await open('/');
  await page.getByRole('heading', {name: 'Connexion'}).waitFor();
  await assertFits(page);
  await signedIn(context);
  for (const [path, title] of [['/dashboard', 'Aujourd’hui'], ['/calls', 'Appels'], [`/calls/${ours}`, 'Appel avec']]) {
    await open(path);
    await page.getByRole('heading', {level: 1, name: title}).waitFor();
    await page.waitForSelector('.loading', {state: 'detached'});
    await assertFits(page);
    await assertAccessible(page);
    assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(232, 235, 240)');
  }
  await page.getByRole('button', {name: 'Menu'}).click();
  await page.getByLabel('Langue').selectOption('en');
  await page.getByRole('button', {name: 'Colours: as the system'}).click();
  await page.reload();
  await page.getByRole('heading', {level: 1, name: 'Call with'}).waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(22, 26, 34)');
});

test('the keyboard is enough', async (t) => {
  const {page, open} = await browse(t);
  await open('/');
  await page.waitForSelector('[type=email]:focus');
  await page.keyboard.type(DOWNTOWN.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(DOWNTOWN.password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:focus');
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('href') ?? document.activeElement.tagName);
  const tabTo = async (what) => {
    for (let i = 0; i < 40 && await focused() !== what; i++) await page.keyboard.press('Tab');
    assert.equal(await focused(), what);
  };
  await tabTo('/calls');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`a[href="/calls/${ours}"]`);
  await tabTo(`/calls/${ours}`);
  await page.keyboard.press('Enter');
  await page.waitForSelector('h1:focus >> text=Call with');
  await page.goBack();
  await page.waitForSelector(`a[href="/calls/${ours}"]`);
});

test('what is not there or cannot be reached is told in plain words', async (t) => {
  const {page, context, open} = await browse(t, {expected: /ERR_FAILED|503/});
  await signedIn(context);
  const list = /\/api\/calls$/;
  await context.route(list, (route) => route.fulfill(
      {status: 503, contentType: 'application/json', body: '{"success":false,"error":{"code":"unavailable","message":"x"}}'}));
  await open('/calls');
  await page.getByRole('alert').getByText('The service is not ready').waitFor();
  await context.unroute(list);
  await page.getByRole('button', {name: 'Try again'}).click();
  await page.waitForSelector('.table tbody tr');
  await context.route('**/api/calls/*', (route) => route.abort());
  await page.locator('tbody a').first().click();
  await page.getByRole('alert').getByText('The server cannot be reached').waitFor();
});
