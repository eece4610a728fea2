// Redis in its bad states, under the whole system: no 2xx without a job, no job twice,
// nginx goes on answering, and all heals without a restart of anything else.
import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';

import {rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {request} from './lib/http.mjs';
import {jobProcesses, kill, nginxWorkers, pidOf, startAgain, whileStopped} from './lib/processes.mjs';
import {deadJobs, drained} from './lib/queues.mjs';
import {Random} from './lib/random.mjs';
import {redis, redisAnswers} from './lib/redis.mjs';
import {Sender} from './lib/sender.mjs';
import {Traffic} from './lib/traffic.mjs';
import {waitFor} from './lib/wait.mjs';

const random = new Random(1);
const EVENTS = 100;
const FILLER = 1000;         // keys at least, so that there is something to read
const LOADING_US = 15000000;  // how long reading shall take: longer than events are sent

let sender;
let before;
beforeEach(async () => {
  sender = new Sender(random);
  before = {nginx: nginxWorkers(), workers: jobProcesses(), dead: await deadJobs()};
});
afterEach(() => sender.stop());

const successes = () => Object.entries(sender.answers)
                            .filter(([answer]) => /^2/.test(answer))
                            .reduce((sum, [, n]) => sum + n, 0);
const failures = () => Object.values(sender.answers).reduce((sum, n) => sum + n, 0) - successes();

// Sends events into the state, and waits until each was answered once, in whatever way.
async function sendInto() {
  const traffic = new Traffic(random);
  const events = Array.from({length: EVENTS}, () => traffic.good());
  events.forEach((event) => sender.deliver(event));
  await waitFor('every event to be answered', async () => {
    const health = await request(`${env.VA_HTTP_URL}/health`, {totalMs: 30000});
    assert.equal(health.status, 200);
    return successes() + failures() >= EVENTS;
  }, 60000);
  assert.equal(successes(), 0, JSON.stringify(sender.answers));
  return {traffic, events};
}

// As sendInto(); a load balancer sends nobody here meanwhile.
async function sendIntoNotReady() {
  const sent = await sendInto();
  assert.equal((await request(`${env.VA_HTTP_URL}/ready`)).status, 503);
  return sent;
}

// Everything that was sent is done, once, by the processes that were there before.
async function heals({traffic, events}) {
  await waitFor('Redis to answer', redisAnswers, 60000);
  await sender.settle();
  await drained(120000);
  assert.deepEqual(events.filter((e) => e.accepted !== 1).map((e) => e.key), []);
  const found = await rows(
      `select provider_message_id as key from messages where provider_message_id like '%' || :'run' || '%'
       union all
       select provider_message_id from message_status_events where provider_message_id like '%' || :'run' || '%'
       union all
       select twilio_call_sid || ':' || sequence_number from call_status_events
        where twilio_call_sid like '%' || :'run' || '%'
       union all
       select elevenlabs_conversation_id from calls
        where elevenlabs_conversation_id like '%' || :'run' || '%' and summary <> ''`,
      {run: traffic.run});
  assert.deepEqual(found.map((r) => r.key).sort(), events.map((e) => e.key).sort());
  assert.deepEqual({nginx: nginxWorkers(), workers: jobProcesses(), dead: await deadJobs()}, before);
  await waitFor(
      '/ready', async () => (await request(`${env.VA_HTTP_URL}/ready`)).status === 200, 60000);
}

test('dead, and started again', async () => {
  await kill(pidOf('redis'));
  const sent = await sendIntoNotReady().finally(() => startAgain('redis'));
  await heals(sent);
});

test('reading its files', async () => {
  await redis(
      'EVAL', 'for i = 1, ARGV[1] do redis.call("SET", "e2e:filler:" .. i, i, "EX", 600) end', 0,
      FILLER);
  await redis('BGREWRITEAOF');
  await waitFor('the rewritten file', async () => {
    const about = await redis('EVAL', 'return redis.call("INFO", "persistence")', 0);
    return /aof_rewrite_in_progress:0/.test(about) && /aof_rewrite_scheduled:0/.test(about);
  });
  const delay = Math.ceil(LOADING_US / await redis('DBSIZE'));  // a key
  await kill(pidOf('redis'));
  await startAgain(
      'redis', '--key-load-delay', delay, '--loading-process-events-interval-bytes', '1024');
  await waitFor('LOADING', async () => {
    try {
      await redis('PING');
      return false;
    } catch (e) {
      return /LOADING/.test(e.message);
    }
  });
  await heals(await sendIntoNotReady());
});

test('hanging', async () => {
  await heals(await whileStopped([pidOf('redis')], sendIntoNotReady));
});

test('full', async () => {
  await redis('CONFIG', 'SET', 'maxmemory', '1');
  const sent = await sendInto().finally(() => redis('CONFIG', 'SET', 'maxmemory', '0'));
  await heals(sent);
});
