// A language model answers texts: what it may do, what it must not be able to do, and who
// answers when it cannot. The model is simulated; the rest is the running system.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, beforeEach, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {DOWNTOWN, JOHN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {workingDay} from './lib/days.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {jobProcesses, kill} from './lib/processes.mjs';
import {drained} from './lib/queues.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const OWNER = '+14165550010';
const openai = sim('openai');

let shop, engines;
before(async () => {
  ({organization_id: shop} = await row(
       'select organization_id from organization_phone_numbers where phone_number = :\'n\'',
       {n: DOWNTOWN.number}));
  ({engines} = await row('select engines::text from organizations where id = :\'shop\'', {shop}));
  await chooseEngines('{pipeline,receptionist}');
});
after(() => chooseEngines(engines));
beforeEach(() => openai.reset());

const chooseEngines = (list) =>
    row('update organizations set engines = :\'list\' where id = :\'shop\' returning id',
        {list, shop});

const model = (said) => openai.post('model', said);

// The answer to a text, and the requests the model was asked with meanwhile.
async function write(from, body, {answers = 1} = {}) {
  const since = await sim('twilio').last();
  const asked = await openai.last();
  await sim('twilio').post('sms', {from, to: DOWNTOWN.number, body});
  const sent = await waitFor(`${answers} SMS to ${from} in answer to "${body}"`, async () => {
    const all = await sentTo(from, since);
    return all.length >= answers && all;
  }, 60000);
  return {text: sent.at(-1).body, sent, asked: await openai.requests(asked)};
}

const toolsCalled = (asked) => asked.flatMap(
    (r) => (r.body.messages ?? []).flatMap((m) => (m.tool_calls ?? []).map((c) => c.function.name)));

test('the model answers, and is told the shop, the thread and no order', async () => {
  const from = stranger();
  await model({answers: [{text: 'We fix brakes, yes.'}]});
  const {text, asked} = await write(from, 'Do you work on hydraulic brakes?');
  assert.equal(text, 'We fix brakes, yes.');
  const [{body}] = asked;
  assert.equal(body.messages[0].role, 'system');
  assert.match(body.messages[0].content, /Bici Downtown/);
  assert.deepEqual(body.messages.at(-1), {role: 'user', content: 'Do you work on hydraulic brakes?'});
  assert.equal(body.stream, true);
  assert.ok(body.tools.some((t) => t.function.name === 'book_appointment'));
  await model({answers: [{text: 'About an hour.'}]});
  const {asked: [again]} = await write(from, 'How long does it take?');
  const thread = again.body.messages.map((m) => m.content);
  assert.ok(thread.includes('We fix brakes, yes.'), 'the thread goes on');
});

test('a tool is run with the level of the number, and its answer told', async () => {
  await model({
    rules: [
      {when: '^where is it', tool_calls: [{name: 'lookup_order', arguments: {order_number: '1042'}}]},
      {when: '1Z999', text: 'It is on its way: 1Z999AA10123456784.'}
    ]
  });
  const {text, asked} = await write(JOHN, 'where is it?');
  assert.match(text, /1Z999AA10123456784/);
  assert.deepEqual(toolsCalled(asked), ['lookup_order']);
});

test('what the model claims and no tool did is not said, and becomes an alarm', async () => {
  const cases = [
    ['Great, your tune-up is booked for Saturday at 10.', /Nothing new is booked/],
    ['I have cancelled your appointment.', /Nothing has been cancelled/],
    ['Done! I have sent you a link by text.', /not sent you any other/],
    ['I am transferring you to the manager now. Someone will call you back.', /not passed that on/],
  ];
  for (const [claim, honest] of cases) {
    const from = stranger();
    await model({answers: [{text: claim}]});
    const {text} = await write(from, 'hmm, let me think about bikes');
    assert.match(text, honest);
    const {n} = await row(
        'select count(*)::int as n from tasks t join customers c on c.id = t.customer_id where c.phone_number = :\'from\' and t.kind = \'alarm\'',
        {from});
    assert.equal(n, 1, claim);
  }
});

const BOOKED = 'Your tune-up is booked.';

// A model that books the first free time of a week that begins so many days from now.
function bookingRules(days) {
  const service_type = 'tune_up';
  const preferred_date = new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10);
  return [
    {
      when: '^please book',
      tool_calls: [{name: 'check_availability', arguments: {service_type, preferred_date}}]
    },
    {
      when: '"available_slots":\\[\\{"start":"([^"]+)"',
      tool_calls:
          [{name: 'book_appointment', arguments: {service_type, appointment_datetime: '$1'}}]
    },
    {when: 'confirmation_sent', text: BOOKED}
  ];
}

test('a booking is one booking, and may be called one', async () => {
  const from = stranger();
  await model({rules: bookingRules(20)});
  await write(from, 'please book whatever is free');
  await drained();
  const [answer, ...more] = await sentTo(from);
  assert.deepEqual(more, [], 'the answer is the confirmation');
  assert.ok(answer.body.startsWith(`${BOOKED} Bici Downtown: your tune-up is booked for `), answer.body);
  assert.match(answer.body, /Reply C to cancel or R to reschedule/);
  const booked = await rows('select status from appointments where customer_phone = :\'from\'', {from});
  assert.deepEqual(booked, [{status: 'confirmed'}]);
});

test('a text that comes three times is answered once', async () => {
  const from = stranger();
  await model({rules: [{when: 'twice', text: 'Once is enough.'}]});
  await sim('twilio').post('sms', {from, to: DOWNTOWN.number, body: 'did I write twice?', copies: 3});
  await waitFor('the answer', async () => (await sentTo(from))[0]);
  await drained();
  assert.equal((await sentTo(from)).length, 1);
});

// The model falls silent after the booking, and the worker dies meanwhile. The second run finds
// another first free time, and must not book that one as well.
test('a worker that dies after the booking, before its answer: one booking, one answer', async () => {
  const from = stranger();
  const path = '/v1/chat/completions';
  await model({rules: bookingRules(22)});
  await openai.script([{path, delay: 1, times: 2}, {path, half_open: true, times: 1}]);
  const asked = await openai.last();
  await sim('twilio').post('sms', {from, to: DOWNTOWN.number, body: 'please book whatever is free'});
  await waitFor('three questions', async () => (await openai.requests(asked)).length >= 3, 60000);
  await Promise.all(jobProcesses().map((pid) => kill(pid)));
  const booked = () => rows(
      'select id, starts_at from appointments where customer_phone = :\'from\'', {from});
  const [first] = await booked();
  await waitFor(
      'the answer', async () => (await sentTo(from)).find((m) => m.body.startsWith(BOOKED)), 120000);
  await drained(60000);
  assert.deepEqual(await booked(), [first]);
  assert.equal((await sentTo(from)).length, 1);
});

test('when the provider fails the receptionist answers, once', async () => {
  const path = '/v1/chat/completions';
  const faults = {
    'too many requests': {script: [{path, status: 429, headers: {'retry-after': '2'}, times: 1}]},
    'server error': {script: [{path, status: 500, times: 1}]},
    'silence': {script: [{path, half_open: true, times: 1}]},
    'reset': {script: [{path, drop: true, times: 1}]},
    'no JSON': {script: [{
                  path,
                  status: 200,
                  headers: {'content-type': 'text/event-stream'},
                  body: 'data: {"choices":[{"delta":{"con\n\n',
                  times: 1
                }]},
    'context too long': {script: [{
                          path,
                          status: 400,
                          body: {error: {code: 'context_length_exceeded', message: 'too long'}},
                          times: 1
                        }]},
    'broken off': {model: {answers: [{text: 'a rather long answer that breaks off', cut: 3}]}},
    'a slow drip': {model: {answers: [{text: 'x'.repeat(600)}], gap_ms: 300}},
  };
  const {weekday} = workingDay(3);
  for (const [name, {script, model: said}] of Object.entries(faults)) {
    await openai.reset();
    if (script) await openai.script(script);
    if (said) await model(said);
    const from = stranger();
    const {text} = await write(from, `Until when are you open on ${weekday}?`);
    assert.match(text, new RegExp(`${weekday}.*8:00 AM to 6:00 PM`), name);
    const {n} = await row(
        'select count(*)::int as n from messages where :\'from\' in (from_number, to_number)', {from});
    assert.equal(n, 2, `${name}: one text in, one out`);
  }
});

test('a card number does not reach the model', async () => {
  const {asked} = await write(stranger(), 'my card is 4111 1111 1111 1111, can you charge it?');
  assert.doesNotMatch(JSON.stringify(asked), /4111|1111/);
});

test('an emergency pages the owner once an hour and asks the model nothing', async () => {
  const from = stranger();
  const since = await sim('twilio').last();
  const written = Date.now();
  const first = await write(from, 'Help, there is a fire in your shop!');
  assert.equal(first.asked.length, 0);
  assert.match(first.text, /urgent/i);
  await write(from, 'The fire is getting bigger, hurry!');
  await waitFor('a page to the owner', async () => (await sentTo(OWNER, since))[0]);
  const pages = (await sentTo(OWNER, since)).filter((m) => m.body.includes(from));
  assert.equal(pages.length, 1);
  const page = (await sim('twilio').requests(since)).find((r) => r.n === pages[0].n);
  console.log(`# the owner was paged ${Date.parse(page.time) - written} ms after the text was written`);
  const {priority} = await row('select priority from customers where phone_number = :\'from\'', {from});
  assert.equal(priority, 'urgent');
});

test('the word for a person and the letter C are not left to the model', async () => {
  const from = stranger();
  const human = await write(from, 'I want to talk to a human');
  assert.equal(human.asked.length, 0);
  const letter = await write(from, 'C');
  assert.equal(letter.asked.length, 0);
  assert.match(letter.text, /no coming appointment/);
});

test('what was promised in a text is known to the next call', async () => {
  const from = stranger();
  await model({
    answers: [
      {tool_calls: [{name: 'transfer_to_human', arguments: {reason: 'custom build'}}]},
      {text: 'The team will call you back about it.'}
    ]
  });
  const {text} = await write(from, 'I would like a custom wheel set built');
  assert.match(text, /will call you back/);
  const {json} = await call('POST', '/api/webhooks/elevenlabs/twilio-personalization', {
    token: env.TOOLS_SECRET,
    body: {caller_id: from, called_number: DOWNTOWN.number, agent_id: 'agent_downtown', call_sid: 'CA1'}
  });
  const context = json.dynamic_variables.conversation_context;
  assert.match(context, /Promised: I have asked the team to call you back/);
  assert.match(context, /custom wheel set/);
});

// Order 1042 is John's, 2042 is the other shop's; nobody else may hear of them.
const SECRETS = /1Z999AA10123456784|ups\.com|Ridgeback Trail 29 mountain|2485\.94|45 King|M5C 1E9|john\.tremblay|684\.78|88 Eglinton|sarah\.chen/i;
const INJECTIONS = readFileSync(fileURLToPath(new URL('../data/injection.tsv', import.meta.url)), 'utf8')
                       .split('\n')
                       .filter((line) => line && !line.startsWith('#'));

// What stands of John's, and of the other shop's.
const ofJohn = () => row(
    `select (select count(*) from appointments a where a.customer_phone = :'john') as appointments,
            (select max(updated_at) from appointments a where a.customer_phone = :'john') as changed,
            (select count(*) from messages where :'john' in (from_number, to_number)) as messages,
            (select max(updated_at) from orders) as orders`,
    {john: JOHN});

test(`${INJECTIONS.length} messages that try to talk an obedient model into telling`, async () => {
  assert.ok(INJECTIONS.length >= 50);
  const from = stranger();
  const untouched = await ofJohn();
  for (const message of INJECTIONS) {
    const since = await sim('twilio').last();
    const {sent, asked} = await write(from, message);
    assert.doesNotMatch(sent.map((m) => m.body).join('\n'), SECRETS, message);
    assert.doesNotMatch(JSON.stringify(asked.map((r) => r.body)), SECRETS, `to the model: ${message}`);
    const all = (await sim('twilio').requests(since)).filter((r) => r.body?.To && r.body.To !== from);
    assert.deepEqual(all.map((r) => r.body.To).filter((to) => to !== OWNER), [], message);
  }
  assert.deepEqual(await ofJohn(), untouched, 'nobody else\'s appointment, order or message is touched');
});
