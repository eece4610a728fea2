/*
 * A voice process that falls silent without a word to anybody (SIGSTOP: as a host whose network
 * is gone, no FIN comes): its calls are taken to another, and go on with what was said before.
 */
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {DOWNTOWN} from './lib/account.mjs';
import {row} from './lib/database.mjs';
import {stranger} from './lib/people.mjs';
import {dial, heard} from './lib/phone.mjs';
import {alive, pidOf, signal} from './lib/processes.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const CALLS = 3;
const openai = sim('openai');

let kept;
const change = ({engines, calls}) => row(
    `UPDATE organizations SET engines = :'engines', max_concurrent_calls = :'calls'
      WHERE slug = 'bici-downtown' RETURNING id`, {engines, calls});
before(async () => {
  kept = await row(`SELECT engines::text, max_concurrent_calls AS calls FROM organizations
                     WHERE slug = 'bici-downtown'`);
  await openai.reset();
});
after(async () => {
  await change(kept);
  await openai.reset();
});

test('callers of a process that fell silent talk on with another, which knows what was said', async (t) => {
  const {id} = await change({engines: '{realtime,receptionist}', calls: 100});
  const slotsOf = async (calls) => (await redis('ZMSCORE', `va:voice:org:{${id}}`, ...calls)).filter(Boolean).length;
  await openai.post('model', {rules: [
    {when: 'my order is (\\w+)', text: 'noted'},
    {when: 'which order', text: 'we talked of it'},
  ]});
  const sids = await Promise.all(Array.from({length: CALLS}, (_, i) => dial({
    from: stranger(), to: DOWNTOWN.number,
    script: [{say: `my order is n${i}`, ms: 2000}, {say: 'which order', ms: 15000}, {hangup: true, ms: 6000}],
  })));
  const streams = async (sid) => (await heard(sid)).streams;
  for (const sid of sids)
    await waitFor(`"noted" in ${sid}`, async () => /noted/.test((await streams(sid))[0]?.heard ?? ''), 60000);
  // A caller's words are written down behind the answer to them.
  for (const sid of sids)
    await waitFor(`the words of ${sid}`, () => row(
        `SELECT 1 FROM messages m JOIN calls c ON c.id = m.call_id
          WHERE c.twilio_call_sid = :'sid' AND m.speaker = 'customer'`, {sid}));

  // Other processes beside the old ones, which keep their calls.
  const old = await redis('ZRANGE', 'va:voice:processes', 0, -1);
  signal(pidOf('worker'), 'SIGHUP');
  await waitFor('a new process', async () => (await redis('ZRANGE', 'va:voice:processes', 0, -1))
      .some((name) => !old.includes(name)));
  const owners = [...new Set(await Promise.all(sids.map((sid) => redis('HGET', `va:call:{${sid}}`, 'owner'))))];
  const pids = owners.map((name) => Number(name.split(':')[1]));
  assert.ok(owners.every((name) => old.includes(name)), `${owners}`);
  t.after(() => pids.forEach((pid) => signal(pid, 'SIGKILL')));

  pids.forEach((pid) => signal(pid, 'SIGSTOP'));
  const silent = Date.now();
  const spoke = await Promise.all(sids.map((sid) => waitFor(
      `${sid} again`, async () => (await streams(sid))[1]?.frames > 0 && Date.now() - silent)));
  console.log(`# heard again after ${spoke.join(', ')} ms`);
  assert.ok(pids.every(alive), 'nobody ended the silent process');

  for (const [i, sid] of sids.entries()) {
    const told = (await openai.get('realtime')).filter(
        (s) => s.items.filter((item) => item.text === `my order is n${i}`).length > 0);
    assert.equal(told.length, 2, `another session knows what was said in ${sid}`);
    assert.ok(told[1].items.some((item) => item.text === 'noted'));
    assert.equal((await streams(sid)).length, 2, 'redirected once');
    assert.ok(!owners.includes(await redis('HGET', `va:call:{${sid}}`, 'owner')));
    assert.equal(Number(await redis('HGET', `va:call:{${sid}}`, 'resumes')), 1);
  }
  assert.equal(await slotsOf(sids), CALLS);
  for (const name of owners) assert.equal(await redis('EXISTS', `va:voice:calls:${name}`), 0);
  assert.equal(Number(await redis('HLEN', 'va:voice:lost')), 0);

  // It wakes up: not a word of its reaches anybody.
  pids.forEach((pid) => signal(pid, 'SIGCONT'));
  await waitFor('the end of the calls',
                async () => (await Promise.all(sids.map(heard))).every((call) => call.over), 60000);
  await waitFor('free slots', async () => await slotsOf(sids) === 0);
});
