// 300 events a second while Redis and the workers are killed again and again: what was
// accepted is done, once, and nothing else.
//   STORM_SECONDS  how long (20)     STORM_SEED  to repeat the decisions of an earlier run
import assert from 'node:assert/strict';
import {randomInt} from 'node:crypto';
import {after, before, test} from 'node:test';

import {Chaos} from './lib/chaos.mjs';
import {rows} from './lib/database.mjs';
import {deadJobs, depth, drained, jobKeys} from './lib/queues.mjs';
import {Random} from './lib/random.mjs';
import {redis} from './lib/redis.mjs';
import {Sender} from './lib/sender.mjs';
import {sim} from './lib/sims.mjs';
import {Traffic} from './lib/traffic.mjs';

const SECONDS = Number(process.env.STORM_SECONDS ?? 20);
const SEED = Number(process.env.STORM_SEED ?? randomInt(2 ** 32));
const RATE = 300;
const REDIS_KILLS = 5;
const BACKLOG = 1000;
const KINDS = ['sms', 'sms-status', 'call-status', 'conversation', 'post-call'];

const say = (text) => console.log(`# ${text}`);
const pause = (ms) => new Promise((resolve) => {
  setTimeout(resolve, ms);
});

const random = new Random(SEED);
const traffic = new Traffic(random);
const sender = new Sender(random);
const chaos = new Chaos(random);
const events = {good: [], forged: [], stale: []};
let sends = 0;

// 20 % of what is sent is known already, 5 % forged, 5 % stale.
function next() {
  const {good, forged, stale} = events;
  const recent = good.slice(-500);
  const kind = random.weighted([[70, good], [20, null], [5, forged], [5, stale]]);
  if (kind === null && recent.length > 0) return random.pick(recent);
  const event = kind === forged ? traffic.forged() :
      kind === stale            ? traffic.stale() :
                                  traffic.good();
  events[event.verdict].push(event);
  return event;
}

// For SECONDS, and until Redis has been killed as often as it shall be.
async function send() {
  const start = Date.now();
  const enough = () => chaos.redisKills.length === REDIS_KILLS;
  for (let elapsed = 0; elapsed < SECONDS || !enough(); elapsed = (Date.now() - start) / 1000) {
    for (; sends < elapsed * RATE; sends++) sender.deliver(next());
    await pause(5);
  }
  return (Date.now() - start) / 1000;
}

// At even distances, the second and the fourth with a backlog.
async function killRedis() {
  const start = Date.now();
  for (let i = 0; i < REDIS_KILLS; i++) {
    await pause(Math.max(0, start + (i + 0.5) / REDIS_KILLS * SECONDS * 1000 - Date.now()));
    await chaos.killRedis({backlog: i % 2 === 1 ? BACKLOG : 0});
  }
}

// Of other tests, which may leave what was given up.
let deadBefore, keysBefore;
before(async () => {
  deadBefore = (await depth()).dead;
  keysBefore = await jobKeys();
  say(`seed ${SEED}, ${SECONDS} s, run ${traffic.run}`);
  const killing = chaos.killWorkers();
  const seconds = await Promise.all([send(), killRedis()]).then(([s]) => s).finally(() => chaos.rest());
  await killing;
  await sender.settle();
  await drained(Math.max(400, SECONDS * 10) * 1000);  // who was killed often waits long for the next try
  const count = (list, test) => list.filter(test).length;
  say(`${sends} events in ${seconds.toFixed(1)} s: ${events.good.length} good, ${
      count(events.good, (e) => e.sent > 1)} of them sent again, ${
      events.forged.length} forged, ${events.stale.length} stale`);
  say(`answers: ${JSON.stringify(sender.answers)}`);
  say(`killed: Redis ${REDIS_KILLS} times with ${chaos.redisKills} jobs in flight, workers ${
      chaos.workerKills}, nginx workers ${chaos.nginxKills}; the supervisor started ${
      chaos.supervisorStarts} times`);
});

after(() => sender.stop());

// The effects of each kind of event in the database: of this run, by key.
const EFFECTS = {
  'sms': `select provider_message_id as key, count(*)::int as n from messages
           where provider = 'twilio' and direction = 'inbound'
             and provider_message_id like 'SM' || :'run' || '%' group by 1`,
  'sms-status': `select provider_message_id as key, count(*)::int as n
                   from message_status_events
                  where provider_message_id like 'SM' || :'run' || '%' group by 1`,
  'call-status': `select twilio_call_sid || ':' || sequence_number as key, count(*)::int as n
                    from call_status_events
                   where twilio_call_sid like 'CA' || :'run' || '%' group by 1`,
  'conversation': `select provider_message_id as key, count(*)::int as n from messages
                    where provider = 'elevenlabs' and channel = 'voice'
                      and provider_message_id like 'conv\\_' || :'run' || '%' group by 1`,
  'post-call': `select elevenlabs_conversation_id as key, count(*)::int as n from calls
                 where elevenlabs_conversation_id like 'conv\\_' || :'run' || '%'
                   and status = 'completed' and summary <> '' and analyzed_at is not null
                 group by 1`,
};

// How often each key occurs.
async function counted(sql) {
  const found = await rows(sql, {run: traffic.run});
  return new Map(found.map(({key, n}) => [key, n]));
}

const of = (verdict, kind) => events[verdict].filter((e) => e.kind === kind);
const distinct = (list) => [...new Set(list)];

// The first few, and how many there are: a message a person can read.
const none = (list, what) => assert.equal(list.length, 0, `${list.length} ${what}: ${list.slice(0, 3)}`);

test('nothing good was refused, nothing forged or stale was let in', () => {
  none(events.good.filter((e) => e.refused).map((e) => `${e.kind} ${e.refused}`), 'good ones refused');
  none(events.good.filter((e) => e.accepted !== e.sent).map((e) => e.key), 'deliveries without an end');
  const bad = [...events.forged, ...events.stale];
  none(bad.filter((e) => e.accepted > 0).map((e) => e.key), 'bad ones accepted');
  none(
      bad.filter((e) => e.refused !== (e.params ? 403 : 401)).map((e) => `${e.kind} ${e.refused}`),
      'refused in another way');
  for (const kind of KINDS) assert.ok(of('good', kind).length > 0, kind);
  for (const verdict of ['forged', 'stale']) assert.ok(events[verdict].length > 0, verdict);
});

test(`at one death of Redis at least ${BACKLOG} jobs were in flight`, () => {
  assert.equal(chaos.redisKills.length, REDIS_KILLS);
  assert.ok(Math.max(...chaos.redisKills) >= BACKLOG, String(chaos.redisKills));
});

for (const kind of KINDS) {
  test(`${kind}: each accepted one has its effect, once; no other has any`, async () => {
    const effects = await counted(EFFECTS[kind]);
    const good = new Set(of('good', kind).map((e) => e.key));
    none([...good].filter((key) => !effects.has(key)), 'lost');
    none([...effects].filter(([, n]) => n !== 1).map(([key, n]) => `${key} ${n} times`), 'doubled');
    none([...effects.keys()].filter((key) => !good.has(key)), 'that nobody sent, or nobody signed');
  });
}

test('each text was answered once', async () => {
  const sent = await sim('twilio').requests();
  const accepted = sent.filter((r) => /\/Messages\.json$/.test(r.path) && r.answer?.status === 201);
  const answers = accepted.map((r) => r.body.To);
  const times = (number) => answers.filter((to) => to === number).length;
  const wrong = of('good', 'sms').map((e) => [e.from, times(e.from)]).filter(([, n]) => n !== 1);
  none(wrong.map(([from, n]) => `${from} ${n} times`), 'not answered once');
  const bad = new Set([...of('forged', 'sms'), ...of('stale', 'sms')].map((e) => e.from));
  none(answers.filter((to) => bad.has(to)), 'answers to forged texts');
});

test('each call and conversation is one row, and each caller one customer', async () => {
  const calls = await counted(
      'select twilio_call_sid as key, count(*)::int as n from calls where twilio_call_sid like \'CA\' || :\'run\' || \'%\' group by 1');
  const talks = await counted(
      'select elevenlabs_conversation_id as key, count(*)::int as n from calls where elevenlabs_conversation_id like \'conv\\_\' || :\'run\' || \'%\' group by 1');
  for (const [name, found] of [['call', calls], ['conversation', talks]]) {
    const wanted = distinct(events.good.map((e) => e[name]).filter(Boolean));
    none(wanted.filter((key) => found.get(key) !== 1).map((key) => `${key} ${found.get(key)}`), `${name}s without one row`);
    const bad = distinct([...events.forged, ...events.stale].map((e) => e[name]).filter(Boolean));
    none(bad.filter((key) => found.has(key)), `forged or stale ${name}s`);
  }
  const people = await rows('select phone_number as key, count(*)::int as n from customers group by 1');
  const customers = new Map(people.map(({key, n}) => [key, n]));
  const callers = distinct(events.good.map((e) => e.from).filter(Boolean));
  none(callers.filter((number) => customers.get(number) !== 1), 'callers who are not one customer');
});

test('a call\'s status is the furthest that was told', async () => {
  const found = await rows(
      'select twilio_call_sid as sid, status from calls where twilio_call_sid like \'CA\' || :\'run\' || \'%\'',
      {run: traffic.run});
  const status = new Map(found.map((c) => [c.sid, c.status]));
  const done = of('good', 'call-status').filter((e) => e.params.CallStatus === 'completed');
  none(done.filter((e) => status.get(e.call) !== 'completed').map((e) => `${e.call} ${status.get(e.call)}`), 'not completed');
});

test('no event was published twice', async () => {
  const once = ['call_started', 'call_ended', 'call_completed'];
  for (const {id} of await rows('select id from organizations')) {
    const entries = await redis('XRANGE', `va:events:{${id}}`, '-', '+');
    const told = entries.map(([, fields]) => members(fields)).filter((e) => once.includes(e.type));
    const names = told.map((e) => `${e.type} ${e.call}`);
    none(names.filter((name, i) => names.indexOf(name) !== i), 'published twice');
  }
});

// [name, value, name, value, …] as an object.
function members(list) {
  return Object.fromEntries(list.flatMap((x, i) => (i % 2 === 0 ? [[x, list[i + 1]]] : [])));
}

test('nothing is left in the queues, the outbox and the ledger, and nothing died', async () => {
  assert.deepEqual(await depth(), {open: 0, dead: deadBefore}, String(await deadJobs()));
  none((await jobKeys()).filter((key) => !keysBefore.includes(key)), 'left in Redis');
  const [{n}] = await rows('select count(*)::int as n from outbox');
  assert.equal(n, 0);
  const open = await rows('select kind, state, count(*)::int as n from effects where state <> \'done\' group by 1, 2');
  assert.deepEqual(open, []);
});
