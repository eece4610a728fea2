// Google Calendar, both ways: connecting it, appointments as events, events as times taken.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {run} from './lib/command.mjs';
import {row, rows} from './lib/database.mjs';
import {env, RUN_DIR} from './lib/env.mjs';
import {openEvents} from './lib/events.mjs';
import {ask, call} from './lib/http.mjs';
import {jobProcesses, kill} from './lib/processes.mjs';
import {drained} from './lib/queues.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const google = sim('google');
const CALENDAR = `${env.GOOGLE_BASE_URL}/calendar/v3/calendars/primary`;

let token, shop, events;

// A calendar as its owner uses it.
async function ownerOf(account) {
  const {access_token} = await google.post('grant', {account});
  const use = (method, path, body) =>
      call(method, `${CALENDAR}${path}`, {token: access_token, body});
  return {
    add: async (start, minutes, more = {}) => {
      const {json} = await use('POST', '/events', {
        summary: 'Dentist',
        start: {dateTime: start},
        end: {dateTime: new Date(Date.parse(start) + minutes * 60000).toISOString()},
        ...more
      });
      return json;
    },
    get: async (id) => (await use('GET', `/events/${id}`)).json,
    move: (id, start, minutes) => use('PATCH', `/events/${id}`, {
      start: {dateTime: new Date(start).toISOString()},
      end: {dateTime: new Date(Date.parse(start) + minutes * 60000).toISOString()},
    }),
    answers: async () => (await use('GET', '/events')).status === 200,
    remove: (id) => use('DELETE', `/events/${id}`),
    standing: async () =>
        (await use('GET', '/events?maxResults=2500')).json.items.filter((e) => e.status !== 'cancelled'),
  };
}

const cookieOf = (answer) => String(answer.headers['set-cookie']).split(';')[0];

// The owner's way through Google's page of consent, to where it ends.
async function connect(as, consent = {account: 'owner@downtown.example'}) {
  await google.post('consent', consent);
  const begun = await call('GET', '/api/integrations/google/connect', {token: as});
  assert.equal(begun.status, 302, begun.text);
  const asked = await call('GET', begun.headers.location);
  assert.equal(asked.status, 302, asked.text);
  const back = new URL(asked.headers.location);
  return {cookie: cookieOf(begun), path: back.pathname + back.search};
}

const comeBack = ({path, cookie}) => call('GET', path, {headers: {cookie}});

async function connected(as, account) {
  const answer = await comeBack(await connect(as, {account}));
  assert.equal(answer.headers.location, '/settings?integration=google_calendar&status=connected');
}

const synced = (since) => waitFor('the calendar to be read', () => row(
    `select 1 as yes from sync_tokens where organization_id = :'shop' and service = 'google_calendar'
        and synced_at > :'since'::timestamptz and channel_id is not null`, {shop, since}));

const now = async () => (await row('select now() as at')).at;

// Free slots from a day on that no other test looks at.
async function slots(fromDay, as = token) {
  const day = new Date(Date.now() + fromDay * 86400e3).toISOString().slice(0, 10);
  const {available_slots} = await ask(
      'GET', `/api/calendar/availability?service_type=tune_up&preferred_date=${day}&days_ahead=7`, {token: as});
  return available_slots;
}

const book = (start, name, more = {}, as = token) => call('POST', '/api/calendar/book', {
  token: as,
  body: {appointment_datetime: start, service_type: 'tune_up', customer_name: name, ...more}
});

async function booked(start, name, more) {
  const answer = await book(start, name, more);
  assert.equal(answer.json.success, true, answer.text);
  return answer.json.appointment_id;
}

const appointment = (id) => row(
    `select status, cancelled_by, calendar_state, google_event_id as event, extract(epoch from starts_at)::bigint as at
       from appointments where id = :'id'`, {id});

const inCalendar = (id) => waitFor(`appointment ${id} to be in the calendar`, async () => {
  const found = await appointment(id);
  return found.calendar_state === 'synced' && found;
}, 60000);

const seconds = (text) => Math.round(Date.parse(text) / 1000);
const eventsNamed = async (owner, name) => (await owner.standing()).filter((e) => e.summary.endsWith(name));

// A tool, called for a customer whose number the carrier vouches for.
async function customerOf(number) {
  const sid = `CA${randomBytes(16).toString('hex')}`;
  await row(
      `insert into calls (organization_id, twilio_call_sid, caller_number, called_number, stir_verstat)
       values (:'shop', :'sid', :'number', :'called', 'TN-Validation-Passed-A') returning id`,
      {shop, sid, number, called: DOWNTOWN.number});
  const headers = {
    'x-va-agent': 'agent_downtown',
    'x-va-called': DOWNTOWN.number,
    'x-va-call': sid,
    'x-va-caller': number
  };
  return (name, body) =>
             call('POST', `/api/elevenlabs/tools/${name}`, {token: env.TOOLS_SECRET, headers, body});
}

// As when minutes have passed without a word from Google.
const age = (minutes) => row(
    `update sync_tokens set synced_at = now() - make_interval(mins => :'m'::int)
      where organization_id = :'shop' and service = 'google_calendar' returning resource`, {shop, m: minutes});

before(async () => {
  ({token} = await login(DOWNTOWN));
  ({organization_id: shop} = await row(
      'select organization_id from organization_phone_numbers where phone_number = :\'n\'', {n: DOWNTOWN.number}));
  await google.reset();
  events = await openEvents('/api/stream/organization', token);
});
after(async () => {
  events.close();
  await call('DELETE', '/api/integrations/google_calendar', {token});
  await drained();
});

test('a shop connects its calendar by its owner\'s consent, once', async () => {
  const since = await now();
  assert.equal((await call('GET', '/api/integrations/google/connect')).status, 401);
  const denied = await comeBack(await connect(token, {deny: true}));
  assert.match(denied.headers.location, /status=denied$/);
  const partly = await comeBack(await connect(
      token, {account: 'owner@downtown.example', scopes: ['https://www.googleapis.com/auth/calendar.events']}));
  assert.match(partly.headers.location, /status=incomplete$/);

  const way = await connect(token);
  assert.equal((await comeBack({...way, cookie: '__Host-va-oauth=another-browser'})).status, 403);
  assert.equal((await comeBack({...way, path: way.path.replace(/state=[^&]{20}/, 'state=forged')})).status, 403);
  assert.match((await comeBack(way)).headers.location, /status=connected$/);
  assert.equal((await comeBack(way)).status, 403, 'a state is good once');

  await synced(since);
  const {integrations} = await ask('GET', '/api/integrations', {token});
  const [it] = integrations.filter((i) => i.service === 'google_calendar');
  assert.equal(it.status, 'connected');
  assert.deepEqual(it.calendars.map((c) => [c.calendar, c.stale]), [['primary', false]]);
  const [channel] = await google.get('channels');
  assert.equal(channel.address, `${env.VA_PUBLIC_URL}/webhooks/calendar/sync`);
});

test('an appointment is one event, as its row says, moved and taken away with it', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const [first, second] = await slots(30);
  const tool = await customerOf('+14165550177');
  const {json} = await tool('book_appointment', {
    appointment_datetime: first.start,
    service_type: 'tune_up',
    customer_name: 'Ada Event',
    customer_email: 'ada@example.com',
    notes: 'red frame'
  });
  const id = json.appointment_id;
  const {event} = await inCalendar(id);
  const shown = await owner.get(event);
  assert.match(shown.summary, / - Ada Event$/);
  assert.equal(seconds(shown.start.dateTime), seconds(first.start));
  assert.match(shown.description, /red frame\nBooked via AI Assistant$/);
  assert.deepEqual(shown.attendees.map((a) => a.email), ['ada@example.com']);
  assert.deepEqual(shown.reminders.overrides.map((r) => [r.method, r.minutes]), [['email', 1440], ['popup', 60]]);

  const moved = await tool('reschedule_appointment', {appointment_id: id, appointment_datetime: second.start});
  assert.equal(moved.json.success, true, moved.text);
  await inCalendar(id);
  assert.equal(seconds((await owner.get(event)).start.dateTime), seconds(second.start));
  assert.equal((await tool('cancel_appointment', {appointment_id: id})).json.success, true);
  await inCalendar(id);
  assert.equal((await owner.get(event)).status, 'cancelled');
});

test('one event under repeats, refusals, resets and answers that are lost', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const free = await slots(38);
  const path = '^/calendar/v3/calendars/primary/events$';
  const faults = [
    {status: 500, body: {error: {code: 500, errors: [{reason: 'backendError'}]}}},
    {status: 429, headers: {'retry-after': '1'}, body: {error: {code: 429, errors: [{reason: 'rateLimitExceeded'}]}}},
    {drop: true, effect: true},
    {status: 503, effect: true, body: ''},
  ];
  for (const [i, fault] of faults.entries()) {
    await google.script([{...fault, method: 'POST', path, times: 1}]);
    const name = `Fault ${i}`;
    const id = await booked(free[3 * i].start, name);
    const again = await book(free[3 * i].start, name);
    assert.equal(again.json.appointment_id, id, 'the first answer once more');
    await inCalendar(id);
    assert.equal((await eventsNamed(owner, name)).length, 1, JSON.stringify(fault));
  }
});

test('one event when its worker is killed while it is made', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const [slot] = await slots(46);
  const from = await google.last();
  await google.script([{delay: 1500, effect: true, method: 'POST', path: '^/calendar/v3/calendars/primary/events$', times: 1}]);
  const id = await booked(slot.start, 'Killed Twice');
  await waitFor('the request', async () => (await google.requests(from)).some((r) => r.method === 'POST' && r.path.endsWith('/events')));
  await Promise.all(jobProcesses().map((pid) => kill(pid)));
  await inCalendar(id);
  assert.equal((await eventsNamed(owner, 'Killed Twice')).length, 1);
});

test('what is in the calendar takes the time; what moves there moves the appointment', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const free = await slots(54);
  const foreign = await owner.add(free[0].start, 30);
  await waitFor('the event to be mirrored', () => row(
      'select 1 as yes from calendar_events where event_id = :\'id\'', {id: foreign.id}));
  assert.equal((await book(free[0].start, 'Too Late')).json.reason, 'time_conflict');
  await owner.remove(foreign.id);
  await waitFor('the event to be gone', async () => (await rows(
      'select 1 as yes from calendar_events where event_id = :\'id\'', {id: foreign.id})).length === 0);

  const id = await booked(free[0].start, 'Moved By Hand');
  const {event} = await inCalendar(id);
  await owner.move(event, free[4].start, 45);
  await waitFor('the appointment to follow', async () => (await appointment(id)).at === seconds(free[4].start));
  await events.find('appointment_changed', (e) => e.appointmentId === id && e.change === 'moved');
  await inCalendar(id);

  const other = await booked(free[8].start, 'Stands There');
  await inCalendar(other);
  await owner.move(event, free[8].start, 45);
  await waitFor('Google to be put right', async () => {
    const shown = await owner.get(event);
    return seconds(shown.start.dateTime) === seconds(free[4].start);
  });
  assert.equal((await appointment(id)).at, seconds(free[4].start), 'the database is right');
  const [task] = await rows('select title from tasks where key like :\'k\'', {k: `calendar:conflict:${id}%`});
  assert.match(task.title, /Moved By Hand/);

  await inCalendar(id);
  await owner.remove(event);
  await waitFor('the cancellation', async () => (await appointment(id)).status === 'cancelled');
  assert.equal((await appointment(id)).cancelled_by, 'calendar');
});

test('a lost notification, a forgotten token and an ended channel are made good', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const [slot] = await slots(62);
  await row(`update sync_tokens set channel_id = null where organization_id = :'shop' returning 1 as n`, {shop});
  const foreign = await owner.add(slot.start, 60);
  await google.post('forget-sync');
  await age(11);
  await waitFor('the event that nobody told of', () => row(
      'select 1 as yes from calendar_events where event_id = :\'id\'', {id: foreign.id}));
  await waitFor('a new channel', () => row(
      `select 1 as yes from sync_tokens where organization_id = :'shop' and channel_id is not null`, {shop}));
});

test('a time that free/busy calls taken is never booked, however old the mirror', async () => {
  const owner = await ownerOf('owner@downtown.example');
  const free = await slots(70);
  await drained();
  const from = await google.last();
  await google.script([{status: 503, body: '', method: 'GET', path: '^/calendar/v3/calendars/primary/events$', times: 40}]);
  await age(6);
  await owner.add(free[0].start, 30);
  const taken = await book(free[0].start, 'Nobody Told');
  assert.equal(taken.json.reason, 'time_conflict', taken.text);
  assert.ok(!(await slots(70)).some((s) => s.start === free[0].start), 'nor offered');
  assert.equal((await book(free[6].start, 'Elsewhere')).json.success, true);
  assert.ok((await google.requests(from)).some((r) => r.path === '/calendar/v3/freeBusy'));
  await waitFor('the faults to be over', owner.answers);
});

test('while Google does not say what is taken, every door says so, and the shop has one task', async () => {
  const free = await slots(74);
  await drained();
  const owner = await ownerOf('owner@downtown.example');
  await google.script([
    {status: 503, body: '', method: 'GET', path: '^/calendar/v3/calendars/primary/events$', times: 40},
    {status: 503, body: '', path: '^/calendar/v3/freeBusy$', times: 4},
  ]);
  await age(6);
  const shown = await ask('GET', '/api/calendar/availability?service_type=tune_up', {token});
  assert.equal(shown.calendar_stale, true);
  const tool = await customerOf('+14165550178');
  const asked = await tool('check_availability', {service_type: 'tune_up'});
  assert.equal(asked.json.calendar_stale, true);
  assert.match(asked.json.message, /still has to be confirmed/);
  const args = {service_type: 'tune_up', appointment_datetime: free[0].start, customer_name: 'By MCP'};
  const {json: {result}} = await call('POST', '/mcp', {
    token,
    body: {jsonrpc: '2.0', id: 1, method: 'tools/call', params: {name: 'book_appointment', arguments: args}}
  });
  assert.deepEqual([result.isError, result.structuredContent.calendar_stale], [false, true], JSON.stringify(result));
  assert.equal((await book(free[6].start, 'By REST')).json.calendar_stale, true);
  const tasks = () => rows(
      `select status, jsonb_array_length(data -> 'appointments') as n from tasks
        where organization_id = :'shop' and key like 'calendar:unasked:%' order by created_at desc`, {shop});
  assert.deepEqual((await tasks())[0], {status: 'open', n: 2});
  await waitFor('the faults to be over', owner.answers);
  await waitFor('the task to settle itself', async () => (await tasks())[0].status === 'done', 60000);
  assert.equal((await ask('GET', '/api/calendar/availability?service_type=tune_up', {token})).calendar_stale, undefined);
});

test('tokens are refreshed, and a consent that was withdrawn is told once', async () => {
  const free = await slots(78);
  const from = await google.last();
  await row(`update integrations set expires_at = now() where organization_id = :'shop' returning 1 as n`, {shop});
  await inCalendar(await booked(free[0].start, 'Refreshed'));
  const asked = (await google.requests(from)).filter((r) => r.path === '/token');
  assert.ok(asked.length >= 1);

  await google.post('revoke', {account: 'owner@downtown.example'});
  const id = await booked(free[4].start, 'Without Google');
  const broken = await waitFor('the connection to be broken', () => row(
      `select error from integrations where organization_id = :'shop' and status = 'error'`, {shop}), 60000);
  assert.equal(broken.error, 'invalid_grant');
  assert.equal((await rows(
      `select 1 as n from tasks where organization_id = :'shop' and key like 'google:%'`, {shop})).length, 1);
  assert.equal((await appointment(id)).status, 'confirmed');
  await connected(token, 'owner@downtown.example');
  await inCalendar(id);
});

test('another shop\'s channel, and none, change nothing', async () => {
  await drained();
  const from = await google.last();
  const {channel_id: channel} = await row(
      `select channel_id from sync_tokens where organization_id = :'shop' and channel_id is not null`, {shop});
  const notify = (id, secret, resource = 'nothing of ours') => call('POST', '/webhooks/calendar/sync', {
    headers: {
      'x-goog-channel-id': id,
      'x-goog-channel-token': secret,
      'x-goog-resource-id': resource,
      'x-goog-resource-state': 'exists',
      'x-goog-message-number': String(Date.now()),
    }
  });
  assert.equal((await notify(channel, 'guessed')).status, 401);
  assert.equal((await notify('no-channel-of-anybody', env.GOOGLE_CHANNEL_TOKEN)).status, 200);
  assert.equal((await notify(channel, env.GOOGLE_CHANNEL_TOKEN)).status, 200);
  await drained();
  assert.deepEqual((await google.requests(from)).map((r) => r.path), []);
});

test('no secret is in the database as it is, nor in a log; keys rotate', async () => {
  const sealed = await row(
      `select encode(access_token, 'escape') as access, encode(refresh_token, 'escape') as refresh, key_id
         from integrations where organization_id = :'shop'`, {shop});
  assert.equal(sealed.key_id, env.ENCRYPTION_KEY.split(':')[0]);
  for (const text of [sealed.access, sealed.refresh]) assert.doesNotMatch(text, /ya29|1\/\//);
  const logs = readdirSync(`${RUN_DIR}/log`).filter((n) => /^(worker|nginx|access)/.test(n));
  assert.ok(logs.length >= 2);
  for (const name of logs) {
    const text = readFileSync(`${RUN_DIR}/log/${name}`, 'utf8');
    for (const secret of [/ya29\./, /1\/\/sim/, /"?code=4/, new RegExp(env.GOOGLE_CLIENT_SECRET), new RegExp(env.GOOGLE_CHANNEL_TOKEN)])
      assert.doesNotMatch(text, secret, name);
  }
  const next = `next:${Buffer.alloc(32, 7).toString('base64')}`;
  const rotate = (keys) => run(env.VA_WORKER_PROGRAM, ['rotate-keys', '--force'], {env: {...process.env, ...env, ENCRYPTION_KEY: keys}});
  assert.match(await rotate(`${next},${env.ENCRYPTION_KEY}`), /^1 encrypted anew/);
  assert.equal((await row(`select key_id from integrations where organization_id = :'shop'`, {shop})).key_id, 'next');
  assert.match(await rotate(`${env.ENCRYPTION_KEY},${next}`), /^1 encrypted anew/);
  const [slot] = await slots(86);
  await inCalendar(await booked(slot.start, 'After Rotation'));
});

test('a connection is given back', async () => {
  const {channel} = await row(
      `select channel_id as channel from sync_tokens where organization_id = :'shop'`, {shop});
  assert.ok((await google.get('channels')).some((c) => c.id === channel));
  assert.equal((await call('DELETE', '/api/integrations/google_calendar', {token: (await login(UPTOWN)).token})).status, 404);
  assert.equal((await call('DELETE', '/api/integrations/google', {token})).status, 200);
  await waitFor('the tokens to be forgotten', async () => (await rows(
      `select 1 as n from integrations where organization_id = :'shop' and service = 'google_calendar'`,
      {shop})).length === 0);
  assert.ok(!(await google.get('channels')).some((c) => c.id === channel), 'its channel has ended');
});
