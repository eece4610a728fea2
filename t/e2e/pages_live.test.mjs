// Calls that go on, as the shop's people see them in a browser: with what is said in them as it is
// said, over a connection that breaks; and taken over, in writing, from the first click to the end.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, before, test} from 'node:test';

import {DOWNTOWN, JOHN} from './lib/account.mjs';
import {assertAccessible, browse, closeBrowser, signedIn} from './lib/browser.mjs';
import {row} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call as http} from './lib/http.mjs';
import {stranger, takeOver} from './lib/people.mjs';
import {dial, doing, handset, heard, said} from './lib/phone.mjs';
import {nginxWorkers, signal} from './lib/processes.mjs';
import {accessToken} from './lib/token.mjs';
import {twilioClient} from './lib/twilio.mjs';
import {waitFor} from './lib/wait.mjs';

const carrier = twilioClient({
  accountSid: env.TWILIO_ACCOUNT_SID, authToken: env.TWILIO_AUTH_TOKEN, baseUrl: env.TWILIO_BASE_URL,
});
const COLLEAGUE = '+14165550178';
const quiet = Array.from({length: 60}, () => ({silent: true, ms: 4000}));

let kept;
const use = (engines) => row(
    `UPDATE organizations SET engines = :'engines' WHERE slug = 'bici-downtown' RETURNING slug`, {engines});
before(async () => {
  kept = await row(`SELECT engines::text FROM organizations WHERE slug = 'bici-downtown'`);
  await use('{receptionist}');
});

const rung = [];
async function ring(from, script = []) {
  const sid = await dial({from, to: DOWNTOWN.number, script: [...script, ...quiet], stir: 'TN-Validation-Passed-A'});
  rung.push(sid);
  const {id} = await waitFor(`the call ${sid}`, () => row(`SELECT id FROM calls WHERE twilio_call_sid = :'sid'`, {sid}));
  return {sid, id};
}
const hangUp = (sid) => carrier.calls(sid).update({status: 'completed'}).catch(() => {});  // it may be over
after(async () => {
  for (const sid of rung) await hangUp(sid);
  await use(kept.engines);
  await closeBrowser();
});

const live = (page) => page.waitForSelector('[data-connection=live]');
const cardOf = (page, id) => page.locator(`[data-call="${id}"]`);
const linesOf = (where) => where.locator('.words').allTextContents();
const heardAs = (id, text) => waitFor(`"${text}" in the database`, () => row(
    `SELECT id FROM messages WHERE call_id = :'id' AND content = :'text'`, {id, text}));

test('a call appears as it comes in, and what is said as it is said; what the agent shows is shown', async (t) => {
  const {page, context, open} = await browse(t);
  await context.grantPermissions(['notifications'], {origin: env.VA_URL});
  await context.addInitScript(() => {
    window.told = [];
    window.Notification = class {
      static permission = 'granted';
      static requestPermission = async () => 'granted';
      constructor(title, {body}) {
        window.told.push(`${title}: ${body}`);
      }
    };
  });
  await signedIn(context);
  await open('/dashboard');
  await live(page);
  await page.getByRole('button', {name: 'Tell me about calls'}).click();
  await page.getByRole('button', {name: 'Do not tell me about calls'}).waitFor();

  const {sid, id} = await ring(JOHN, [{say: 'what are your hours?', ms: 500}]);
  const card = cardOf(page, id);
  await card.getByRole('link', {name: 'John Tremblay'}).waitFor();
  await card.getByText('what are your hours?').waitFor();
  await card.getByText('English').waitFor();
  await page.getByRole('heading', {name: /^Live calls \d+ call/}).waitFor();
  const tool = (name, body) => http('POST', `/api/elevenlabs/tools/${name}`, {
    token: env.TOOLS_SECRET, body, headers: {'x-va-called': DOWNTOWN.number, 'x-va-caller': JOHN, 'x-va-call': sid},
  });
  const {title} = await row(`SELECT title FROM products WHERE organization_id =
      (SELECT id FROM organizations WHERE slug = 'bici-downtown') ORDER BY title LIMIT 1`);
  for (const [name, body] of [['display_product', {product_id: title}],
                              ['update_dashboard', {event_type: 'transfer_request', data: {wants: 'the workshop'}}]]) {
    const answer = await tool(name, body);
    assert.equal(answer.status, 200, answer.text);
  }
  await card.getByRole('list', {name: 'Shown by the agent'}).getByText(title).waitFor();
  await card.getByText('the workshop').waitFor();
  await card.getByText('Product shown').waitFor();
  await assertAccessible(page);
  const rest = await card.getByRole('log').evaluate((e) => e.scrollHeight - e.clientHeight - e.scrollTop);
  assert.ok(rest < 2, `the last words are ${rest} below what is seen`);

  await doing(sid, [{say: 'help, I smell gas, this is an emergency', ms: 100}, ...quiet]);
  await card.getByRole('alert').getByText('Emergency').waitFor();
  await page.waitForFunction(() => window.told.some((line) => line.startsWith('Emergency: John Tremblay')));
  await hangUp(sid);
  await card.getByText('Completed').waitFor();
});

test('what is said while the connection is broken is there when it is back, once and in order', async (t) => {
  const {page, context, open} = await browse(t, {expected: /ERR_|Failed to load/});
  await signedIn(context);
  const streams = [];
  context.on('request', (r) => r.url().includes('/api/stream/') && streams.push(new URL(r.url()).searchParams));
  const {sid, id} = await ring(stranger(), [{say: 'what are your hours?', ms: 500}]);
  await open('/dashboard');
  await live(page);
  const card = cardOf(page, id);
  await card.getByText('what are your hours?').waitFor();

  let stopped = true;
  await context.route('**/api/auth/ticket', (route) => (stopped ? route.abort() : route.continue()));
  nginxWorkers().forEach((pid) => signal(pid, 'SIGKILL'));
  await page.waitForSelector('[data-connection=broken]');
  await page.getByText('Connection lost').waitFor();
  const missed = ['are you open on sundays?', 'where are you?'];
  for (const say of missed) {
    await doing(sid, [{say, ms: 100}, ...quiet]);
    await heardAs(id, say);
  }
  const before = await linesOf(card);
  assert.ok(!missed.some((line) => before.includes(line)));
  stopped = false;
  await live(page);
  await card.getByText(missed[1]).waitFor();
  await doing(sid, [{say: 'thank you', ms: 100}, ...quiet]);
  await card.getByText('thank you', {exact: true}).waitFor();
  const callers = (await card.locator('.turn.customer .words').allTextContents());
  assert.deepEqual(callers, ['what are your hours?', ...missed, 'thank you']);
  assert.ok(streams.at(-1).get('last_event_id'), 'it went on behind the last event');
  assert.notEqual(streams.at(-1).get('ticket'), streams[0].get('ticket'));
});

test('a person takes a call over in writing, speaks in it, and gives it back', async (t) => {
  const {page, context, open} = await browse(t, {expected: /400 .*\/api\/takeover/});
  const dana = await signedIn(context);
  const {sid, id} = await ring(stranger(), [{say: 'I would rather talk to a person', ms: 800}]);
  await open(`/calls/${id}`);
  await live(page);
  await page.waitForSelector('[data-takeover=agent]');
  await page.getByRole('log').getByText('I would rather talk').waitFor();
  // Nothing is said to be so before the server has said it.
  let letGo;
  const asked = new Promise((resolve) => {
    letGo = resolve;
  });
  await context.route('**/api/takeover/*/join', async (route) => {
    await asked;
    await route.continue();
  });
  await page.getByRole('button', {name: 'Take over in writing'}).click();
  await page.waitForSelector('[data-takeover=asked]');
  assert.equal(await page.getByLabel('Your message').count(), 0);
  letGo();
  await page.waitForSelector('[data-takeover=mine]');
  await assertAccessible(page);

  const before = said(await heard(sid)).length;
  await page.getByLabel('Your message').fill('This is Dana, I am here for you.');
  await page.keyboard.press('Enter');
  await page.locator('.turn.human_agent').getByText('This is Dana').waitFor();
  await waitFor('Dana', async () => said(await heard(sid)).length > before);
  await doing(sid, [{say: 'thank you Dana', ms: 100}, ...quiet]);
  await page.locator('.turn.customer').getByText('thank you Dana').waitFor();
  assert.equal(said(await heard(sid)).slice(before).filter((text) => /This is Dana/.test(text)).length, 1);

  await page.reload();
  await page.waitForSelector('[data-takeover=mine]');
  await page.getByRole('button', {name: 'Give it back to the agent'}).click();
  await page.waitForSelector('[data-takeover=agent]');
  await page.getByRole('button', {name: 'Take over in writing'}).waitFor();

  // A colleague has it: this person is told so by the stream, and by what he asks for.
  const {id: colleague} = await row(
      `insert into users (organization_id, email, role, first_name, last_name)
       values (:'shop', :'email', 'staff', 'Ann', 'Example') returning id`,
      {shop: dana.organization_id, email: `${randomUUID()}@pages.example`});
  const token = await accessToken({userId: colleague, organizationId: dana.organization_id, role: 'staff'});
  assert.equal((await takeOver(token, id, 'join')).status, 200);
  await page.waitForSelector('[data-takeover=other] >> text=Ann Example has the call');
  assert.equal(await page.getByRole('button', {name: 'Take over in writing'}).count(), 0);
  assert.equal((await takeOver(token, id, 'resume')).status, 200);
  await page.waitForSelector('[data-takeover=agent]');

  // What is refused is told, and changes nothing that is shown.
  await page.getByRole('button', {name: 'By phone'}).click();
  await page.getByLabel('Your telephone').fill(DOWNTOWN.number);
  await page.getByRole('button', {name: 'Ring me'}).click();
  await page.getByRole('alert').getByText('the shop\'s own agent').waitFor();
  await page.waitForSelector('[data-takeover=agent]');
  await hangUp(sid);
  await page.getByText('Completed').waitFor();
  assert.equal(await page.locator('.takeover').count(), 0);
});

test('by telephone the person is rung, has the call, and the agent has it behind him', async (t) => {
  const {page, context, open} = await browse(t);
  await signedIn(context);
  await handset(COLLEAGUE, {call: 'answer', press: '1', talk_ms: 1500});
  const {sid, id} = await ring(stranger());
  await waitFor('the greeting', async () => said(await heard(sid)).length > 0);
  await open(`/calls/${id}`);
  await live(page);
  await page.waitForSelector('[data-takeover=agent]');
  await page.evaluate(() => {
    window.states = [];
    const note = () => {
      const state = document.querySelector('[data-takeover]')?.dataset.takeover;
      if (state !== window.states.at(-1)) window.states.push(state);
    };
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true, attributes: true});
  });
  await page.getByRole('button', {name: 'By phone'}).click();
  await page.getByLabel('Your telephone').fill(COLLEAGUE);
  await page.getByRole('button', {name: 'Ring me'}).click();
  await page.getByText('You have the call, by phone').waitFor();
  assert.equal(await page.getByLabel('Your message').count(), 0);
  await waitFor('the talk', async () => (await heard(sid)).log.some((e) => e.bridged === COLLEAGUE));
  await page.waitForSelector('[data-takeover=agent]');
  assert.deepEqual(await page.evaluate(() => window.states), ['agent', 'asked', 'mine', 'agent']);
});
