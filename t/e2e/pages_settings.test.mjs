// What a shop has chosen, knows and is measured by, in the browser. Uptown's, put back at the end.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, UPTOWN, login} from './lib/account.mjs';
import {assertAccessible, assertFits, button, closeBrowser, field, signedInAt as at} from './lib/browser.mjs';
import {row, rows} from './lib/database.mjs';
import {call} from './lib/http.mjs';
import {waitFor} from './lib/wait.mjs';

let token, kept;

const settings = async () => (await call('GET', '/api/settings', {token})).json.settings;
const saved = (page) => page.getByText('Saved.').first().waitFor();

before(async () => {
  ({token} = await login(UPTOWN));
  kept = await settings();
});
after(async () => {
  const {hours, holidays, promotions, policies, transfer_destinations, directions, description} = kept.shop;
  await call('PUT', '/api/settings', {token, body: {shop: {hours: {...hours, exceptions: holidays}, promotions, policies,
    transfer_destinations, directions, description}}});
  await call('PUT', '/api/config', {token, body: {lead_questions: []}});
  await rows(`delete from knowledge_documents where title like 'E2E %' returning id`);
  await closeBrowser();
});

test('the shop’s facts are changed, and what is refused is said and changes nothing', async (t) => {
  const page = await at(t, UPTOWN, '/settings', {expected: /status of 400/});
  await assertAccessible(page);
  // Key by key, as people do.
  await field(page, 'How to get there').fill('');
  await field(page, 'How to get there').pressSequentially('Behind the church.');
  await button(page, 'Save').click();
  await saved(page);
  assert.equal((await settings()).shop.directions, 'Behind the church.');

  await field(page, 'Time zone').fill('Nowhere/Land');
  await button(page, 'Save').click();
  await page.getByRole('alert').filter({hasText: /timezone/}).waitFor();
  assert.equal((await settings()).shop.timezone, kept.shop.timezone);
  await button(page, 'Undo changes').click();
  assert.equal(await field(page, 'Time zone').inputValue(), kept.shop.timezone);
});

test('hours, a day that differs, a promotion and a person to put through to', async (t) => {
  const page = await at(t, UPTOWN, '/settings?part=hours');
  const monday = page.getByRole('group', {name: 'Monday'});
  await field(monday, 'Opens').fill('07:30');
  await button(page, 'Add a day').click();
  await field(page, 'Day').fill('2027-12-25');
  await button(page, 'Save').click();
  await waitFor('the hours', async () => (await settings()).shop.hours.monday.open === '07:30');
  assert.deepEqual((await settings()).shop.holidays, {'2027-12-25': {closed: true}});
  assert.deepEqual((await settings()).shop.hours.sunday, {closed: true});

  await page.getByRole('tab', {name: 'Offers and rules'}).click();
  await button(page, 'Add a promotion').click();
  await field(page, 'Text').last().fill('Free bells');
  await button(page, 'Save').click();
  await waitFor('the promotion', async () => (await settings()).shop.promotions.some((p) => p.text === 'Free bells'));

  await page.getByRole('tab', {name: 'People'}).click();
  await button(page, 'Add a person').click();
  await field(page, 'Name').last().fill('sales_specialist');
  await field(page, 'Telephone').last().fill('+14165550199');
  await field(page, 'Words').last().pressSequentially('sales, new bike');
  await button(page, 'Save').click();
  await waitFor('the person', async () => (await settings()).shop.transfer_destinations.some(
      (d) => d.number === '+14165550199' && d.rules?.join() === 'sales,new bike'));
});

test('what a colleague has changed meanwhile is not put back', async (t) => {
  const page = await at(t, UPTOWN, '/settings');
  await field(page, 'How to get there').waitFor();
  const description = `Changed by a colleague ${randomUUID()}`;
  assert.equal((await call('PUT', '/api/settings', {token, body: {shop: {description}}})).status, 200);
  await field(page, 'How to get there').fill('By the bridge.');
  await button(page, 'Save').click();
  await waitFor('the way', async () => (await settings()).shop.directions === 'By the bridge.');
  assert.equal((await settings()).shop.description, description);
});

test('questions are added and put in order', async (t) => {
  const page = await at(t, UPTOWN, '/settings?part=questions');
  for (const text of ['Which bike is it?', 'Is anybody hurt?']) {
    await button(page, 'Add a question').click();
    await field(page, 'Question').last().fill(text);
  }
  await button(page, 'Up').last().click();
  await button(page, 'Save').click();
  const questions = await waitFor('the questions', async () => {
    const {json} = await call('GET', '/api/config', {token});
    return json.config.lead_questions.length > 0 && json.config.lead_questions;
  });
  assert.deepEqual(questions.map((q) => q.question_text), ['Is anybody hurt?', 'Which bike is it?']);
});

test('a text is added to what the agent knows, read, switched off and deleted', async (t) => {
  const page = await at(t, UPTOWN, '/knowledge');
  const title = `E2E ${randomUUID()}`;
  await button(page, 'Add').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('tab', {name: 'Text'}).click();
  await field(dialog, 'Title').fill(title);
  await dialog.getByRole('textbox', {name: 'Text'}).fill('We rent city bikes for 20 dollars a day.');
  await button(dialog, 'Add').click();
  await dialog.waitFor({state: 'detached'});
  const line = page.getByRole('row').filter({hasText: title});
  await line.getByText('Known').waitFor();
  await line.getByRole('button', {name: title}).click();
  await page.getByRole('dialog').getByRole('switch', {name: 'The agent may use it'}).uncheck();
  await line.getByText('Switched off').waitFor();
  await button(page.getByRole('dialog'), 'Delete').click();
  await button(page.getByRole('dialog', {name: /^Delete/}), 'Delete').click();
  await line.waitFor({state: 'detached'});
  const left = await row(`select count(*)::int as n from knowledge_documents where title = :'title'`, {title});
  assert.equal(Number(left.n), 0);
});

test('a plan without voice settings leads to the plans', async (t) => {
  const page = await at(t, UPTOWN, '/voice-settings', {expected: /status of 403/});
  await page.getByText('Your plan does not have this.').waitFor();
  await button(page, 'See the plans').click();
  await page.getByRole('heading', {name: 'Plan'}).waitFor();
  await page.locator('.tier.now').filter({hasText: 'BASIC'}).waitFor();
});

test('voice settings are read, changed and put back', async (t) => {
  const {token: downtown} = await login(DOWNTOWN);
  const voice = async () => (await call('GET', '/api/admin/config/voice', {token: downtown})).json.voice;
  const before = await voice();
  const pro = await at(t, DOWNTOWN, '/voice-settings');
  await field(pro, 'Silence (ms)').fill('650');
  await button(pro, 'Save').click();
  await saved(pro);
  assert.deepEqual(await voice(), {...before, silence_ms: 650});
  await field(pro, 'Silence (ms)').fill(String(before.silence_ms));
  await button(pro, 'Save').click();
  await waitFor('what was before', async () => (await voice()).silence_ms === before.silence_ms);
});

test('figures are shown as the API tells them, and are had as CSV', async (t) => {
  const {token: downtown, user} = await login(DOWNTOWN);
  const {id} = await row(`insert into calls (organization_id, direction, caller_number, called_number, status, started_at, ended_at,
             duration_seconds, call_type, language) values (:'shop', 'inbound', '+14165550123', '+14165550001', 'completed',
             now() - interval '1 hour', now() - interval '50 minutes', 120, 'order_status', 'en') returning id`,
            {shop: user.organization_id});
  const {json} = await call('GET', '/api/analytics', {token: downtown});
  const pro = await at(t, DOWNTOWN, '/analytics');
  const stat = pro.locator('.stat').filter({hasText: 'Calls'}).first();
  await stat.waitFor();
  assert.ok(json.analytics.totals.total_calls > 0);
  assert.equal(await stat.locator('dd').innerText(), String(json.analytics.totals.total_calls));
  await pro.getByRole('row').filter({hasText: 'Order status'}).first().waitFor();
  const [download] = await Promise.all([pro.waitForEvent('download'), button(pro, 'Download as CSV').click()]);
  assert.match(download.suggestedFilename(), /\.csv$/);
  await rows(`delete from calls where id = :'id' returning id`, {id});
});

test('who comes back from Google is told what became of it', async (t) => {
  const page = await at(t, UPTOWN, '/settings?integration=google_calendar&status=denied');
  await page.getByText('The calendar was not connected: you did not agree.').waitFor();
  await page.getByRole('listitem').filter({hasText: 'Google Calendar'}).getByText('Not connected').waitFor();
  await page.getByRole('tab', {name: 'Shop'}).click();
  await page.getByText('you did not agree').waitFor({state: 'detached'});
});

test('a manager has no team, plan or connections', async (t) => {
  const {user} = await login(UPTOWN);
  const manager = {email: `manager-${randomUUID()}@e2e.example`, password: 'a-long-password'};
  const added = await call('POST', '/api/team', {token, body: {...manager, name: 'Max Manager', role: 'manager'}});
  assert.equal(added.status, 201, user.id);
  const his = await at(t, manager, '/settings');
  await his.getByRole('tab', {name: 'Shop'}).waitFor();
  assert.equal(await his.getByRole('tab', {name: 'Connections'}).count(), 0);
  const links = await his.locator('nav a').allInnerTexts();
  assert.ok(!links.includes('Team') && !links.includes('Plan') && links.includes('Settings'), links.join());
  await rows(`delete from users where id = :'id' returning id`, {id: added.json.member.id});
});

test('in French and on a telephone nothing is cut off', async (t) => {
  const phone = await at(t, DOWNTOWN, '/settings', {viewport: {width: 360, height: 740}, locale: 'fr-CA'});
  for (const part of ['shop', 'hours', 'offers', 'people', 'agent', 'questions', 'campaigns', 'voicemail', 'recording', 'chat', 'connections']) {
    await phone.goto(`/settings?part=${part}`);
    await phone.locator('[role=tabpanel]').waitFor();
    await phone.locator('.loading').waitFor({state: 'detached'});
    await assertFits(phone);
    await assertAccessible(phone);
  }
  for (const path of ['/knowledge', '/voice-settings', '/analytics']) {
    await phone.goto(path);
    await phone.locator('main h1').waitFor();
    await phone.locator('.loading').waitFor({state: 'detached'});
    await assertFits(phone);
    await assertAccessible(phone);
  }
});
