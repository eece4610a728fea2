// The chat on a shop's web site as its visitors have it: /widget.js in Chromium on pages of other
// origins, through nginx, the workers and the database; people of the shop answer by the API.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

import {chromium} from 'playwright-core';

import {DOWNTOWN, login} from './lib/account.mjs';
import {ORIGIN, SHOP} from './lib/chats.mjs';
import {row, rows} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {reload} from './lib/doors.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {openInternet} from './lib/internet.mjs';
import {stranger, takeOver} from './lib/people.mjs';
import {waitFor} from './lib/wait.mjs';

const SITE = 'http://shop.test';
const UPTOWN_SHOP = {business: 'bici-uptown', key: 'wk_demo_uptown'};
const MOST_BYTES = 20000;
const WAIT_MS = 30000;
const AXE = fileURLToPath(new URL('../node_modules/axe-core/axe.min.js', import.meta.url));

let browser, internet, token, origins, context, tests = 0;

before(async () => {
  origins = await rows('select id, widget_origins::text as were from organizations where widget_origins is not null');
  await rows(`update organizations set widget_origins = widget_origins || '{${SITE}}'
               where slug in ('bici-downtown', 'bici-uptown') returning id`);
  ({token} = await login(DOWNTOWN));
  browser = await chromium.launch({executablePath: '/usr/bin/chromium', args: ['--no-sandbox']});
});
beforeEach(async () => {
  internet = await openInternet(`127.0.4.${++tests}`);
});
afterEach(async () => {
  await context?.close();
  internet.close();
});
after(async () => {
  await browser?.close();
  for (const {id, were} of origins)
    await rows(`update organizations set widget_origins = :'were' where id = :'id' returning id`, {id, were});
});

// The tag as a shop pastes it, on a page with that head and those words.
function page({head = '', lang = 'en', site = SITE, headers = {}, business = SHOP.businessId, key = SHOP.key, ...data} = {}) {
  const more = Object.entries(data).map(([name, value]) => ` data-${name}="${value}"`).join('');
  internet.site(`${site}/`, {
    headers,
    body: `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>A shop</title>${head}
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="${env.VA_URL}/widget.js" data-business="${business}" data-key="${key}"${more} async></script></head>
<body><main><h1>A shop</h1><a href="#x">A link of the site</a></main></body></html>`,
  });
}

// A visitor on that page: what he sees and does.
async function visit(options = {}, {site = SITE, ...browserOptions} = {}) {
  page({site, ...options});
  context = await browser.newContext({ignoreHTTPSErrors: true, proxy: internet.proxy, ...browserOptions});
  await context.addInitScript({path: AXE});
  await context.addInitScript(() => {
    window.broken = [];
    addEventListener('securitypolicyviolation', (e) => window.broken.push(`${e.violatedDirective} ${e.blockedURI}`));
    addEventListener('error', (e) => window.broken.push(e.message));
  });
  return arrive(site);
}

async function arrive(site = SITE) {
  const tab = await context.newPage();
  tab.setDefaultTimeout(WAIT_MS);
  await tab.goto(`${site}/`);
  return visitor(tab);
}

function visitor(tab) {
  const chat = tab.locator('voiceagent-chat');
  const texts = (kind) => chat.locator(`.entries .${kind} .bubble`).allTextContents();
  const me = {
    tab,
    chat,
    panel: chat.getByRole('dialog'),
    launcher: chat.locator('.launcher'),
    box: chat.locator('textarea'),
    texts,
    open: async () => {
      await me.launcher.click();
      await chat.getByRole('heading', {name: /Bici/}).waitFor();
    },
    type: async (text) => {
      await me.box.fill(text);
      await me.box.press('Enter');
    },
    // The answer to what is written.
    say: async (text) => {
      const before = (await texts('agent')).length;
      await me.type(text);
      return waitFor(`an answer to "${text}"`, async () => (await texts('agent'))[before], WAIT_MS);
    },
    sees: (text) => chat.getByText(text).first().waitFor(),
    // Of the chat that was begun last.
    lead: () => row(`select customer_id as id from chat_sessions order by created_at desc limit 1`),
  };
  return me;
}

// What a checker of accessibility has against the chat, as it stands there.
async function complaints({tab}) {
  const found = await tab.evaluate(async () => (await window.axe.run('voiceagent-chat')).violations.map(
      (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`));
  return found;
}
const brokenRules = ({tab}) => tab.evaluate(() => window.broken);
const heardBy = (id) => rows(
    `select content from messages where customer_id = :'id' and speaker = 'customer' order by occurred_at, id`, {id});

test('/widget.js is small, kept for minutes and for every site', async () => {
  const script = await call('GET', '/widget.js');
  assert.equal(script.status, 200);
  assert.match(script.headers['content-type'], /^text\/javascript/);
  assert.equal(script.headers['cross-origin-resource-policy'], 'cross-origin');
  assert.equal(script.headers['cache-control'], 'public, max-age=300');
  assert.ok(gzipSync(script.bytes).length < MOST_BYTES, `${gzipSync(script.bytes).length} bytes`);
  const again = await call('GET', '/widget.js', {headers: {'if-none-match': script.headers.etag}});
  assert.equal(again.status, 304);
  const packed = await call('GET', '/widget.js', {headers: {'accept-encoding': 'gzip'}});
  assert.equal(packed.headers['content-encoding'], 'gzip');
});

test('the demo shop has the chat on its page', async () => {
  context = await browser.newContext({ignoreHTTPSErrors: true, proxy: internet.proxy});
  const tab = await context.newPage();
  await tab.goto(`${env.VA_URL}/demo-shop`);
  const me = visitor(tab);
  await me.open();
  await me.chat.getByRole('button', {name: 'What are your hours?'}).click();
  await me.sees(/Monday through Friday/);
});

test('a talk on a page of another origin, and on with it on the next page', async () => {
  const me = await visit();
  await me.open();
  await me.sees('Hi! How can I help you with your bike today?');
  assert.match(await me.say('What are your hours?'), /Monday through Friday/);
  assert.equal(await me.chat.locator('.maker').textContent(), '');
  assert.deepEqual(await context.cookies(), []);

  const asked = [];
  me.tab.on('request', (r) => asked.push(new URL(r.url()).pathname));
  await me.tab.reload();
  await me.sees(/Monday through Friday/);
  await me.sees('Hi! How can I help you with your bike today?');
  assert.ok(await me.panel.isVisible());
  assert.ok(!asked.includes('/api/chat/shop'));
  await me.say('Where are you?');
  const {id} = await me.lead();
  assert.deepEqual(await heardBy(id), [{content: 'What are your hours?'}, {content: 'Where are you?'}]);

  // The other tab of the same visitor has it too; who ends it ends it in both.
  const other = await arrive();
  await other.open();
  await other.sees('Where are you?');
  await other.chat.getByRole('button', {name: 'End chat'}).click();
  await other.chat.getByRole('button', {name: 'End it and forget it here?'}).click();
  await waitFor('the end', async () => (await me.texts('visitor')).length === 0);
  assert.equal(await other.tab.evaluate(() => localStorage.length), 0);
  assert.deepEqual(await brokenRules(other), []);
});

test('a page that is not one of the shop has no chat', async () => {
  const me = await visit({site: 'http://other.test'}, {site: 'http://other.test'});
  await me.launcher.click();
  await me.sees(/cannot be reached/);
  await me.type('Hello?');
  assert.deepEqual(await me.texts('agent'), []);
  assert.deepEqual(await rows(`select 1 as one from chat_sessions where origin = 'http://other.test'`), []);
});

test('a key that opens nothing is told as a chat that is not there', async () => {
  const me = await visit({key: 'wk_nothing', phone: '+14165550001'});
  await me.launcher.click();
  await me.sees(/cannot be reached|not available/);
  await me.type('Hello?');
  await waitFor('the refusal', async () => /Not sent|cannot be reached/.test(await me.panel.textContent()));
});

test('who made the chat stands below it, but with the plan PRO', async () => {
  const me = await visit(UPTOWN_SHOP);
  await me.open();
  await me.sees('Powered by voiceagent');
});

test('an order is not told without proof; a time is booked with a number that a form asks for', async () => {
  const me = await visit();
  await me.open();
  const asked = await me.say('Where is my order 1042?');
  assert.doesNotMatch(asked, /UPS|1Z999|shipped/i);
  assert.match(await me.box.getAttribute('placeholder'), /postcode/);

  await me.say(`No. I would like to book a tune-up on ${workingDay(4).weekday}`);
  await me.chat.locator('.choices button').first().click();
  const form = me.chat.locator('form.lead');
  await form.waitFor();
  assert.deepEqual(await complaints(me), []);
  await form.getByLabel('Phone').fill('12');
  await form.getByRole('button', {name: 'Send'}).click();
  await form.getByText('Please check the phone number').waitFor();
  await form.getByLabel('Phone').fill('+0 123 456 789');  // digits enough, and nobody's number
  await form.getByLabel(/Name/).fill('Zoe');
  await form.getByRole('button', {name: 'Send'}).click();
  await me.chat.getByText('Not sent. Please check the phone number').waitFor();
  await form.getByLabel('Phone').fill(stranger());
  await form.getByRole('button', {name: 'Send'}).click();
  await me.sees(/booked: /i);
  const {id} = await me.lead();
  assert.deepEqual(await row(`select name from chat_sessions where customer_id = :'id'`, {id}), {name: 'Zoe'});
  assert.equal(await me.chat.getByText('+0 123 456 789').count(), 0);
});

test('an emergency stands out', async () => {
  const me = await visit();
  await me.open();
  await me.type('The battery is on fire, there is smoke everywhere!');
  const alarm = me.chat.getByRole('alert').filter({hasText: /urgent/i});
  await alarm.waitFor();
  assert.deepEqual(await complaints(me), []);
});

test('what is sent while the connection breaks is said once, and what was missed is fetched', async () => {
  const me = await visit();
  await me.open();
  await me.say('What are your hours?');
  const {id} = await me.lead();

  internet.deafen();
  await me.type('I want to talk to an agent');
  await waitFor('the message to be heard', async () => (await heardBy(id)).length === 2);
  internet.cut();
  internet.mend();
  await waitFor('its answer', async () => (await me.texts('agent')).length === 2, WAIT_MS);

  internet.cut();
  await me.type('What are your hours?');
  await me.sees(/cannot be reached at the moment/);
  assert.equal((await me.texts('agent')).length, 2);
  internet.mend();
  await waitFor('the next answer', async () => (await me.texts('agent')).length === 3, WAIT_MS);
  assert.deepEqual(await heardBy(id),
      [{content: 'What are your hours?'}, {content: 'I want to talk to an agent'}, {content: 'What are your hours?'}]);
  assert.equal((await me.texts('visitor')).length, 3);
  assert.equal((await rows(`select 1 as one from tasks where customer_id = :'id'`, {id})).length, 1);
  await waitFor('the trouble to be over', async () => (await me.chat.locator('.trouble').textContent()) === '');
});

test('a person joins and writes, also while the connection is away; markup is text', async () => {
  const me = await visit();
  await me.open();
  await me.say('What are your hours?');
  const {id} = await me.lead();
  const does = async (action, body) => {
    const {status, text} = await takeOver(token, id, action, body);
    assert.equal(status, 200, text);
  };
  const writes = (message) => does('message', {message, id: randomUUID()});
  await does('join');
  await me.sees('Somebody of the team has joined the chat.');
  await me.type('Is anybody there?');
  await me.chat.locator('.visitor').last().getByText('Delivered').waitFor();

  const markup = '<img src=x onerror="window.pwned=1"><b>Hi</b> [x](javascript:alert(1)) javascript:alert(2)';
  await writes(markup);
  await writes('See https://shop.test/a?b=1. Mail a@shop.test or call +1 416 555 0100!');
  await waitFor('both', async () => (await me.texts('person')).length === 2);
  assert.equal((await me.texts('person'))[0], markup);
  assert.equal(await me.tab.evaluate(() => window.pwned), undefined);
  const links = await me.chat.locator('.person a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  assert.deepEqual(links, ['https://shop.test/a?b=1', 'mailto:a@shop.test', 'tel:+14165550100']);

  internet.cut();
  await writes('Did I lose you?');
  internet.mend();
  await me.sees('Did I lose you?');
  await reload();
  await writes('There you are.');
  await me.sees('There you are.');
  // The chat is closed: what comes is counted at the button.
  await me.tab.keyboard.press('Escape');
  await writes('One more thing.');
  await waitFor('the count', async () => /1 new in the chat/.test(await me.launcher.getAttribute('aria-label')), WAIT_MS);
  await me.launcher.click();
  assert.equal((await me.texts('person')).length, 5);

  await does('resume');
  await me.sees(/The assistant answers again/);
  assert.match(await me.say('What are your hours?'), /Monday/);
  assert.equal(await me.chat.locator('.note').count(), 2);
});

test('without a WebSocket the page asks now and then', async () => {
  const policy = `default-src 'none'; script-src ${env.VA_URL}; connect-src ${env.VA_URL}`;
  const me = await visit({headers: {'content-security-policy': policy}});
  await me.open();
  await me.say('What are your hours?');
  const {id} = await me.lead();
  await takeOver(token, id, 'join');
  await takeOver(token, id, 'message', {message: 'Hello, this is Dana.', id: randomUUID()});
  await me.sees('Hello, this is Dana.');
  await takeOver(token, id, 'resume');
  assert.match((await brokenRules(me))[0], /^connect-src wss:/);
});

test('too much at once is told kindly, and sent a little later', async () => {
  const me = await visit();
  await me.open();
  // Somebody else of his address writes without end.
  let told = false;
  const flood = async (until) => {
    for (let status; !until(status);) {
      ({status} = await call('POST', '/api/chat', {localAddress: `127.0.4.${tests}`, headers: {origin: ORIGIN},
        body: {...SHOP, sessionId: 'x'.repeat(43)}}));
    }
  };
  await flood((status) => status === 429);
  const flooding = flood(() => told);
  await me.type('What are your hours?');
  await me.sees(/That was a lot at once/);
  told = true;
  await flooding;
  await waitFor('the answer', async () => (await me.texts('agent')).length === 1, WAIT_MS);
  assert.equal((await heardBy((await me.lead()).id)).length, 1);
});

test('in French, as the page is', async () => {
  const me = await visit({lang: 'fr-CA'});
  await me.launcher.click();
  await me.sees(/Bonjour! Comment puis-je vous aider/);
  assert.equal(await me.launcher.getAttribute('aria-label'), 'Fermer la discussion');
  assert.match(await me.say('Quelles sont vos heures d’ouverture?'), /lundi/i);
  assert.deepEqual(await complaints(me), []);
});

test('dark, on a phone: all of the screen, nothing beside it', async () => {
  const me = await visit({color: '#fde047'},
      {colorScheme: 'dark', viewport: {width: 360, height: 640}, isMobile: true, hasTouch: true});
  await me.open();
  await me.say('What are your hours?');
  const box = await me.panel.boundingBox();
  assert.deepEqual(box, {x: 0, y: 0, width: 360, height: 640});
  assert.equal(await me.panel.getAttribute('aria-modal'), 'true');
  assert.equal(await me.panel.evaluate((p) => getComputedStyle(p).backgroundColor), 'rgb(31, 41, 55)');
  assert.ok(await me.tab.evaluate(() => document.documentElement.scrollWidth <= 360));
  assert.deepEqual(await complaints(me), []);
});

test('with the keyboard alone', async () => {
  const me = await visit();
  const focused = () => me.tab.evaluate(() => {
    const inside = document.activeElement?.shadowRoot?.activeElement;
    return inside ? inside.className || inside.localName : document.activeElement?.localName;
  });
  await me.launcher.waitFor();
  for (let n = 0; n < 5 && await focused() !== 'launcher'; n++) await me.tab.keyboard.press('Tab');
  await me.tab.keyboard.press('Enter');
  assert.equal(await focused(), 'textarea');
  await me.tab.keyboard.type('What are your hours?');
  await me.tab.keyboard.press('Enter');
  await me.sees(/Monday through Friday/);
  assert.equal(await focused(), 'textarea');
  await me.tab.keyboard.press('Tab');
  assert.equal(await focused(), 'send');
  await me.tab.keyboard.press('Escape');
  assert.equal(await focused(), 'launcher');
  assert.ok(!await me.panel.isVisible());
});

test("a hostile site's style sheets and a strict policy change nothing", async () => {
  const ours = new URL(env.VA_URL).host;
  const css = `body > *, voiceagent-chat { display: none !important; visibility: hidden !important; opacity: 0 !important;
      pointer-events: none !important; transform: scale(0) !important; filter: blur(9px) !important; width: 3px !important; }
    * { font-size: 60px !important; color: lime !important; letter-spacing: 9px !important; box-sizing: content-box !important; }
    button, textarea { display: none !important; }`;
  internet.site(`${SITE}/hostile.css`, {body: css, headers: {'content-type': 'text/css'}});
  const policy = `default-src 'none'; style-src ${SITE}; script-src https://${ours};
    connect-src https://${ours} wss://${ours}; require-trusted-types-for 'script'`.replace(/\s+/g, ' ');
  const me = await visit({
    head: `<link rel="stylesheet" href="${SITE}/hostile.css">`,
    color: '#111',
    headers: {'content-security-policy': policy},
  });
  await me.open();
  assert.match(await me.say('What are your hours?'), /Monday/);
  assert.equal(await me.launcher.evaluate((b) => `${b.offsetWidth} ${b.offsetHeight}`), '60 60');
  const bubble = await me.chat.locator('.entries .agent .bubble').evaluate((b) => {
    const {fontSize, color, letterSpacing} = getComputedStyle(b);
    return [fontSize, color, letterSpacing];
  });
  assert.deepEqual(bubble, ['15px', 'rgb(17, 24, 39)', 'normal']);
  assert.deepEqual(await brokenRules(me), []);
});
