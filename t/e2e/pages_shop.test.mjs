// A new shop in the browser: it signs up, its people come, its schedule fills, its customers are known.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {assertAccessible, assertFits, browse, button, closeBrowser, field, signedInAt as at, signIn} from './lib/browser.mjs';
import {row} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {call} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {waitFor} from './lib/wait.mjs';

const PASSWORD = 'a-long-password';
const OWNER = {email: `owner-${randomUUID()}@e2e.example`, password: PASSWORD};
const TECH = {email: `tech-${randomUUID()}@e2e.example`, password: PASSWORD};
const day = workingDay(3).date;
const SCHEDULE = `/appointments?week=${day}`;

let token;

after(closeBrowser);

test('a shop signs up on the page, and is in', async (t) => {
  const {page: owner, open} = await browse(t, {expected: /status of 400/});
  await open('/signup');
  await assertAccessible(owner);
  for (const [name, value] of [
    ['Name of the shop', 'Velo Test'], ['Shop’s telephone', '+14165550177'], ['Your own telephone', '+14165550178'],
    ['Time zone', 'America/Toronto'], ['First name', 'Vera'], ['Last name', 'Velo'], ['E-mail', OWNER.email],
    ['Password', 'short'],
  ]) await field(owner, name).fill(value);
  assert.ok(await button(owner, 'Begin').isDisabled(), 'nobody signs up who has not accepted the terms');
  await field(owner, 'I accept the terms of service.').check();
  await button(owner, 'Begin').click();
  await owner.getByText('password must be of 8 characters or more.').waitFor();  // what the API says of it
  await field(owner, 'Password').fill(PASSWORD);
  await button(owner, 'Begin').click();
  await owner.locator('.frame main h1').waitFor({timeout: 30_000});
  ({token} = await login(OWNER));
  const {json} = await call('GET', '/api/settings', {token});
  assert.equal(json.settings.shop.name, 'Velo Test');
  assert.equal(json.settings.shop.hours.monday.open, '09:00');
});

test('an appointment is booked, and who is late gets other times', async (t) => {
  const owner = await at(t, OWNER, SCHEDULE);
  const other = await at(t, OWNER, SCHEDULE, {expected: /status of 409/});
  const dialogs = [];
  for (const [page, name] of [[owner, 'Ada First'], [other, 'Ben Second']]) {
    await page.locator('.page-head').getByRole('button', {name: 'Book'}).click();
    const dialog = page.getByRole('dialog');
    await field(dialog, 'Day').fill(day);
    await dialog.locator('.times label').filter({hasText: /^10:00/}).first().click();
    await field(dialog, 'Customer').fill(name);
    await field(dialog, 'Telephone').fill(stranger());
    dialogs.push(dialog);
  }
  await button(dialogs[0], 'Book').click();
  await dialogs[0].waitFor({state: 'detached'});
  await button(dialogs[1], 'Book').click();
  await dialogs[1].getByText('Somebody was faster.').waitFor();
  await dialogs[1].getByRole('alert').getByRole('button').first().click();
  await button(dialogs[1], 'Book').click();
  await dialogs[1].waitFor({state: 'detached'});
  // Each sees what the other has done, without asking.
  for (const page of [owner, other])
    for (const name of ['Ada First', 'Ben Second']) await page.locator('.entry').filter({hasText: name}).waitFor();
  const {json} = await call('GET', '/api/appointments', {token});
  assert.equal(new Set(json.appointments.map((a) => a.starts_at)).size, 2);
});

test('an appointment is moved and cancelled', async (t) => {
  const owner = await at(t, OWNER, SCHEDULE);
  await owner.locator('.entry').filter({hasText: 'Ada First'}).click();
  const dialog = owner.getByRole('dialog');
  await field(dialog, 'Notes').fill('Squeaks.');
  await button(dialog, 'Save').click();
  await waitFor('the note', async () => (await call('GET', '/api/appointments', {token})).json.appointments.some((a) => a.notes === 'Squeaks.'));
  await button(dialog, 'Move').first().click();
  await dialog.locator('.times label').filter({hasText: /^2:00/}).first().click();
  await button(dialog, 'Move').last().click();
  const of = async () => (await call('GET', '/api/appointments', {token})).json.appointments.find((a) => a.customer_name === 'Ada First');
  await waitFor('the new time', async () => new Date((await of()).starts_at).toLocaleTimeString('en-GB', {timeZone: 'America/Toronto'}) === '14:00:00');
  await button(dialog, 'Cancel the appointment').click();
  await button(owner.getByRole('dialog', {name: 'Cancel the appointment'}), 'Cancel the appointment').click();
  await waitFor('the end of it', async () => (await of()).status === 'cancelled');
  await owner.locator('.entry.cancelled').filter({hasText: 'Ada First'}).waitFor();
});

test('a customer is found, read and marked', async (t) => {
  const owner = await at(t, OWNER, '/customers', {expected: /status of 404/});
  await owner.getByRole('searchbox').fill('Ben Second');
  await owner.keyboard.press('Enter');
  await owner.getByRole('link', {name: /Ben Second/}).click();
  await owner.getByText(/is booked for/).first().waitFor();  // the text that confirmed it
  await field(owner, 'State').selectOption('hot');
  await button(owner, 'Save').click();
  await owner.locator('.page-head .badge').filter({hasText: 'Hot'}).waitFor();
  const {json} = await call('GET', '/api/customers?q=Ben', {token});
  assert.equal(json.leads[0].lead_status, 'hot');

  const theirs = await row(`select id from customers where organization_id <> :'mine' limit 1`,
                           {mine: json.leads[0].organization_id});
  await owner.goto(`/customers/${theirs.id}`);
  await owner.getByRole('heading', {name: 'Not found'}).waitFor();
});

test('who is added to the team signs in, and sees what his role may', async (t) => {
  const owner = await at(t, OWNER, '/team');
  await button(owner, 'Add a person').click();
  const dialog = owner.getByRole('dialog');
  await field(dialog, 'Name').fill('Theo Tech');
  await field(dialog, 'E-mail').fill(TECH.email);
  await field(dialog, 'Password').fill(PASSWORD);
  await field(dialog, 'Role').selectOption('service_tech');
  await button(dialog, 'Save').click();
  await owner.getByText(TECH.email).waitFor();

  const tech = await at(t, TECH, '/', {expected: /status of 403/});
  await tech.getByRole('heading', {name: 'Appointments'}).waitFor();
  assert.deepEqual(await tech.locator('nav a').allInnerTexts(), ['Appointments']);
  for (const path of ['/customers', '/settings', '/team', '/analytics']) {
    await tech.goto(path);
    await tech.getByRole('heading', {name: 'Not found'}).waitFor();
  }

  await button(owner, 'Switch off Theo Tech').click();
  await button(owner.getByRole('dialog', {name: 'Switch off Theo Tech'}), 'Switch off').click();
  await owner.getByText('Inactive').waitFor();
  await tech.goto('/appointments');
  await tech.getByRole('alert').waitFor();  // nothing is given out to him
  assert.equal(await tech.locator('.entry').count(), 0);
});

test('the plan says what a shop has', async (t) => {
  const owner = await at(t, OWNER, '/admin/upgrade');
  await owner.getByText(/This is a trial until/).waitFor();
  await owner.locator('.tier.now').filter({hasText: 'PRO'}).waitFor();
});

test('another account in the same browser finds nothing of the one before', async (t) => {
  const {page, open, context} = await browse(t);
  await open('/settings');
  await signIn(page, OWNER);
  await page.getByLabel('Name', {exact: true}).waitFor();
  const other = await context.newPage();
  await other.goto('/dashboard');
  await other.getByRole('button', {name: 'Sign out'}).click();
  await page.getByRole('heading', {name: 'Sign in'}).waitFor();  // of all tabs
  await signIn(other, DOWNTOWN);
  const name = page.getByLabel('Name', {exact: true});
  await waitFor('the other shop', async () => await name.count() > 0 && await name.inputValue() === 'Bici Downtown');
});

test('in French, dark and on a telephone nothing is cut off', async (t) => {
  const phone = await at(t, OWNER, SCHEDULE, {viewport: {width: 360, height: 740}, locale: 'fr-CA', colorScheme: 'dark'});
  for (const [path, title] of [[SCHEDULE, 'Rendez-vous'], ['/customers', 'Clients'], ['/team', 'Équipe'], ['/admin/upgrade', 'Forfait']]) {
    await phone.goto(path);
    await phone.getByRole('heading', {name: title, level: 1}).waitFor();
    await phone.locator('.loading').waitFor({state: 'detached'});
    await assertFits(phone);
    await assertAccessible(phone);
  }
});
