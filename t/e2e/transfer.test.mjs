// A call with sound is put through: whatever becomes of that, its engine has the caller again.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {DOWNTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {withEngines} from './lib/media.mjs';
import {stranger} from './lib/people.mjs';
import {handset, phone, problems, said} from './lib/phone.mjs';
import {redis} from './lib/redis.mjs';
import {sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const FLOOR = '+14165550010';  // where Downtown's calls are put through to
const openai = sim('openai');

let putBack;
before(async () => {
  putBack = await withEngines('{realtime,receptionist}');
  await openai.reset();
  await openai.post('model', {
    rules: [
      {when: 'the manager', tool_calls: [{name: 'transfer_to_human', arguments: {reason: 'wants the manager'}}]},
      {when: 'nobody took the call', text: 'sorry nobody took it shall I take a message'},
      {when: 'has just spoken with the customer', text: 'is there anything else then'},
      {when: 'my chain', tool_calls: [{name: 'take_message', arguments: {message: 'the chain is broken'}}]},
      {when: '"success":true', text: 'it is noted'},
    ],
  });
});
after(async () => {
  await putBack();
  await openai.reset();
  await handset(FLOOR, {});
});

// Somebody asks for the manager, and says those words when the agent is back.
async function asksForTheManager(then) {
  const call = await phone({
    from: stranger(), to: DOWNTOWN.number,
    script: [{say: 'I want the manager'}, {say: then, ms: 1500, stream: 1}, {hangup: true, ms: 3000, stream: 1}],
  }, 90000);
  assert.deepEqual(problems(call), []);
  assert.equal(call.streams.length, 2, 'its engine has him again');
  assert.ok(!said(call).some((text) => /nobody can take|anything else/.test(text)), 'in its own voice');
  return call;
}

const heardIn = async (call) => (await waitFor('what was heard', async () => {
  const found = await sim('twilio').get(`words/${call.sid}`);
  return found.at(-1)?.length > 0 && found;
})).map((stream) => stream.map(({word}) => word).join(' '));

test('nobody takes the call: the agent says so once, and goes on with its tools', async () => {
  for (const person of [{call: 'no-answer'}, {machine: true}]) {
    await handset(FLOOR, {talk_ms: 50, ...person});
    const call = await asksForTheManager('my chain is broken');
    const heard = await heardIn(call);
    assert.match(heard[1], /^sorry nobody took it/);
    assert.match(heard[1], /noted/);
    assert.equal(heard.join(' ').match(/nobody took it/g).length, 1);
    const {id, customer_id: customer} =
        await row('select id, customer_id from calls where twilio_call_sid = :\'sid\'', {sid: call.sid});
    await waitFor('the message', async () => (await rows(
        'select kind from tasks where customer_id = :\'customer\' order by kind', {customer}))
                      .map((t) => t.kind).join() === 'callback,message');
    assert.deepEqual(await rows(
        'select 1 from tasks where call_id = :\'id\' and kind = \'alarm\'', {id}), [],
        'that it was passed on is true');
    assert.equal(await redis('HGET', `va:call:{${call.sid}}`, 'resumes') ?? '0', '0', 'it fell out of nothing');
  }
});

test('behind the talk with a person the agent asks for anything else', async () => {
  await handset(FLOOR, {call: 'answer', press: '1', talk_ms: 300});
  const call = await asksForTheManager('no thanks');
  assert.ok(call.log.some((e) => e.bridged === FLOOR));
  assert.match((await heardIn(call))[1], /^is there anything else then/);
});
