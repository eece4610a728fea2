// A demonstration that is also a check: a customer of Bici Downtown calls, asks for his order,
// books and is put through; writes in English and in French; a call of the hosted agent
// ends; and every effect is looked for where it should be: at
// the simulated Twilio, in the database, on the live event stream. Exits non-zero when
// something that should happen does not.
import {DOWNTOWN, JOHN, login} from '../e2e/lib/account.mjs';
import {row, rows} from '../e2e/lib/database.mjs';
import {RUN_DIR} from '../e2e/lib/env.mjs';
import {openEvents} from '../e2e/lib/events.mjs';
import {answerTo, phone as callIn, printCall, problems} from '../e2e/lib/phone.mjs';
import {sentTo, sim} from '../e2e/lib/sims.mjs';
import {waitFor} from '../e2e/lib/wait.mjs';
import {agentTurns, waterfall} from '../e2e/lib/waterfall.mjs';

import {callWithSound, hasSound} from './demo_sound.mjs';

const TRACKING = '1Z999AA10123456784';  // of order 1042, sql/demo.sql
const FRENCH =
    /(?<!\p{L})(?:nous|sommes|ouverte?|ouvrons|fermée?|fermons|samedi|heures|bonjour|notre|votre)(?!\p{L})/iu;

const heading = (text) => console.log(`\n${text}\n${'-'.repeat(text.length)}`);
const line = (who, text) =>
    console.log(`${who.padEnd(9)} ${text.replace(/\n/g, `\n${' '.repeat(10)}`)}`);

// What the customer writes, and what an answer must have in it.
const TALK = [
  {text: 'Hi, what are your opening hours?', expect: /\d/, why: 'hours have a number in them'},
  {
    text: 'Where is my order 1042?',
    expect: new RegExp(`${TRACKING}|shipped`, 'i'),
    why: 'order 1042 is shipped, under a tracking number'
  },
  {
    text: 'I would like to talk to a human, please. My brakes squeal, can somebody call me back?',
    expect: /\S/,
    why: 'an answer is due'
  },
  {
    text: 'Bonjour, à quelle heure fermez-vous samedi ?',
    expect: FRENCH,
    why: 'who writes French is answered in French'
  },
];

// A day with free times: on a Saturday the shop may be about to close.
const today = new Date().toLocaleDateString('en', {weekday: 'long', timeZone: 'America/Toronto'});
const DAY = today === 'Saturday' ? 'Tuesday' : 'Saturday';

// An appointment is made and given back, by text alone.
const APPOINTMENT = [
  {
    text: `I would like a tune-up on ${DAY}`,
    expect: new RegExp(`1\\) ${DAY}.*2\\) ${DAY}`),
    why: `free times of ${DAY} are offered`
  },
  {text: '2', expect: new RegExp(`tune-up is booked for ${DAY}`), why: 'the second time was chosen'},
  {text: 'C', expect: new RegExp(`Cancelled: tune-up, ${DAY}`), why: 'C cancels what was confirmed last'},
];

async function write({text, expect, why}) {
  const since = await sim('twilio').last();
  line('customer', text);
  const {deliveries: [delivery]} =
      await sim('twilio').post('sms', {from: JOHN, to: DOWNTOWN.number, body: text});
  if (delivery.problem || delivery.twiml.children.length > 0) {
    throw new Error(`the SMS webhook should answer an empty <Response/>: ${
        delivery.problem ?? delivery.attempts.at(-1).body}`);
  }
  const sent = await waitFor(`an SMS to ${JOHN} in answer to "${text}"`, async () => {
    const all = await sentTo(JOHN, since);
    return all.length > 0 && all;
  });
  for (const {body} of sent) line('agent', body);
  const answer = sent.find(({body}) => expect.test(body)) ?? sent[0];
  if (answer.from !== DOWNTOWN.number)
    throw new Error(`the answer came from ${answer.from}, not ${DOWNTOWN.number}`);
  if (!expect.test(answer.body))
    throw new Error(`"${answer.body}" does not answer "${text}": ${why}`);
}

// The shop's engines. Texts are answered by the receptionist in every demonstration: what a model
// says to them is its own affair.
const answeredBy = (engines) => row(
    'update organizations set engines = :\'engines\' where slug = \'bici-downtown\' returning id',
    {engines});

// A call to the shop's own number. That somebody can be put through to, the shop is open today
// until midnight, as long as the call lasts.
async function callTheShop(engines) {
  const {hours} = await row(
      'select hours::text from organizations where slug = \'bici-downtown\'');
  const [engine] = engines.slice(1, -1).split(',');
  await answeredBy(engines);
  await row(
      `update organizations set hours = jsonb_set(hours, '{exceptions}', jsonb_build_object(
           to_char(now() at time zone timezone, 'YYYY-MM-DD'),
           '{"open": "00:00", "close": "24:00"}'::jsonb)) where slug = 'bici-downtown' returning id`);
  try {
    return hasSound(engine) ? await callWithSound(engine, JOHN, DAY, TRACKING) : await callByTurns();
  } finally {
    await row(
        'update organizations set hours = :\'hours\' where slug = \'bici-downtown\' returning id',
        {hours});
    await answeredBy('{receptionist}');
  }
}

async function callByTurns() {
  const call = await callIn({
    from: JOHN,
    to: DOWNTOWN.number,
    script: [
      {say: 'Where is my order 1042?'},
      {say: `I would like to book a tune-up on ${DAY}`},
      {say: 'the first one, please'},
      {say: 'Can I talk to somebody about the brakes?'},
      {say: 'No, thank you. Goodbye!'},
    ],
  });
  printCall(call);
  checkCall(call);
  return call.sid;
}

function checkCall(call) {
  const expected = [
    [/John/, 'a known caller is greeted by name'],
    [new RegExp(`1042.*${TRACKING}`), 'order 1042 is shipped, under a tracking number'],
    [new RegExp(`1\\).*${DAY}`), `free times of ${DAY} are offered`],
    [/Booked: tune-up/, 'the first time was chosen'],
    [/putting you through/, 'a person was asked for'],
  ];
  const [problem] = problems(call);
  if (problem) throw new Error(`Twilio would have refused: ${problem.error}`);
  expected.forEach(([pattern, why], n) => {
    if (!pattern.test(answerTo(call, n)))
      throw new Error(`"${answerTo(call, n)}" is no good answer: ${why}`);
  });
  if (!call.log.some((e) => e.bridged)) throw new Error('nobody was put through to');
}

// An incoming call of the hosted agent, from the question how to begin to the transcript.
async function phone() {
  const began = await sim('elevenlabs').post('initiate', {caller: JOHN, called: DOWNTOWN.number});
  if (began.problem || began.missing_variables.length > 0) {
    throw new Error(`the personalization webhook: ${
        began.problem ?? `variables missing: ${began.missing_variables}`}`);
  }
  const {customer_name: name, store_greeting: greeting} = began.answer.dynamic_variables;
  line(
      'platform',
      `${JOHN} calls ${DOWNTOWN.number}: known as ${JSON.stringify(name)}, greeted with ${
          JSON.stringify(greeting)}`);
  const ended = await sim('elevenlabs').post('post-call', {
    conversation_id: began.conversation_id,
    duration: 47,
    language: 'en',
    cost: 310,
    title: 'Order status',
    summary:
        'The caller asked where order 1042 is and was told its tracking number. Asked the shop to follow up by text about the price of a gravel bike.',
    evaluation: {resolved: 'success'},
    data: {reason: 'order status', bike_type: 'gravel', budget_range: '2000 to 2500'},
    turns: [
      {role: 'agent', message: greeting ?? 'Hello'},
      {role: 'user', message: 'Where is my bike? Order 1042.'},
      {
        role: 'agent',
        message: `It is on its way, tracking number ${TRACKING}.`,
        tool: {name: 'lookup_order', arguments: {order_number: '1042'}, result: {status: 'shipped'}}
      },
      {
        role: 'user',
        message: 'Great. Could you text me tomorrow what a gravel bike costs? I have 2000 to 2500. Bye!'
      },
    ],
  });
  if (!ended.deliveries[0].ok)
    throw new Error(`the post-call webhook: ${JSON.stringify(ended.deliveries[0])}`);
  line(
      'platform',
      `the call ended after 47 s; its transcript was accepted (${ended.deliveries[0].status})`);
  return began.conversation_id;
}

const TABLES = ['customers', 'messages', 'appointments', 'calls', 'tasks', 'effects'];
async function counted() {
  const select = TABLES.map((t) => `(select count(*) from ${t}) as ${t}`).join(', ');
  return row(`select ${select}`);
}

// What follows the call by itself: the judgement, the lead's score, and the follow-up.
async function concluded(conversation) {
  const call = await waitFor(
      'the conclusion of the call',
      () => row(
          `select c.id, c.analysis_source, c.call_type, c.outcome, c.resolution, c.lead_score,
                  u.lead_score as customer_score, u.lead_status,
                  (select json_object_agg(criterion, result) from evaluations v
                    where v.call_id = c.id and v.source in ('llm', 'rules')) as criteria
             from calls c join customers u on u.id = c.customer_id
            where elevenlabs_conversation_id = :'conversation' and concluded_at is not null`,
          {conversation}));
  line('analysis', `by ${call.analysis_source}: ${call.call_type}, ${call.outcome}, ${call.resolution}`);
  for (const [name, result] of Object.entries(call.criteria)) line('criterion', `${name}: ${result}`);
  line(
      'lead', `score ${call.lead_score} of this call, ${call.customer_score} in all: ${call.lead_status}`);
  const run = await row(
      `select r.state, r.data ->> 'channel' as channel, m.name, r.due_at, r.customer_id
         from campaign_runs r join campaigns m on m.id = r.campaign_id where r.key = :'key'`,
      {key: `followup:${call.id}`});
  if (!run) throw new Error('no follow-up is scheduled, though one was asked for');
  line('follow-up', `${run.name}: ${run.channel} at ${run.due_at} (${run.state})`);
  if (!(call.lead_score > 0)) throw new Error('the lead has no score');
}

async function showChanges(before, started) {
  const after = await counted();
  for (const table of TABLES)
    line('database', `${table.padEnd(10)} ${before[table]} -> ${after[table]}`);
  const since = {since: started};
  for (
      const m of await rows(
          'select channel, direction, language, content from messages where created_at >= :\'since\' order by occurred_at, position',
          since)) {
    line('message', `${m.channel} ${m.direction} ${m.language ?? '?'}: ${m.content}`);
  }
  for (
      const t of await rows(
          'select kind, status, title from tasks where created_at >= :\'since\' order by created_at',
          since)) {
    line('task', `${t.kind} (${t.status}): ${t.title}`);
  }
  for (
      const c of await rows(
          'select status, duration_seconds, summary, end_reason from calls where updated_at >= :\'since\' order by created_at',
          since)) {
    line('call', `${c.status}, ${c.duration_seconds} s: ${c.summary ?? c.end_reason}`);
  }
}

// Where the seconds of the call went: nobody has to guess.
async function showWaterfall(sid, token) {
  heading('Where the time of its turns went, in ms');
  const turns = await agentTurns(sid, token);
  waterfall(turns).forEach((l) => console.log(l));
  if (!turns.some((t) => t.latency.written_ms !== undefined)) throw new Error('no turn was timed');
}

async function demo() {
  const {now: started} = await row('select now() as now');
  const before = await counted();
  const {engines} =
      await row('select engines::text from organizations where slug = \'bici-downtown\'');
  const {token, user} = await login(DOWNTOWN);
  console.log(`logged in as ${user.email}`);
  const events = await openEvents('/api/stream/organization', token);
  try {
    await answeredBy('{receptionist}');
    heading(`${JOHN} writes to Bici Downtown`);
    for (const turn of TALK) await write(turn);
    await waitFor(
        'a task for the shop, since the customer asked for a human',
        () => row(
            'select 1 from tasks where status = \'open\' and kind in (\'message\', \'callback\')'));

    heading('and makes an appointment');
    for (const turn of APPOINTMENT) await write(turn);
    const {status} = await row(
        'select status from appointments where created_at >= :\'started\' order by created_at desc limit 1',
        {started});
    if (status !== 'cancelled') throw new Error(`the appointment is ${status}, not cancelled`);

    heading(`and calls the shop at ${DOWNTOWN.number}`);
    const sid = await callTheShop(engines);
    await waitFor(
        'the call in the database, ended',
        () => row(
            'select 1 from calls where twilio_call_sid = :\'sid\' and status = \'completed\'',
            {sid}));
    await showWaterfall(sid, token);

    heading('gives the appointment back, and calls the hosted agent');
    await write(APPOINTMENT.at(-1));
    const conversation = await phone();
    await waitFor(
        'the call in the database, with its summary',
        () => row(
            'select 1 from calls where elevenlabs_conversation_id = :\'conversation\' and status = \'completed\' and summary <> \'\'',
            {conversation}));

    heading('What follows the call');
    await concluded(conversation);

    await events.find('sms_received');
    await events.find('sms_sent');
    await events.find('call_completed');

    heading('What changed in the database');
    await showChanges(before, started);
    heading('What the dashboard heard');
    for (const e of events.all) line('event', `${e.type} ${JSON.stringify(e.data)}`.slice(0, 150));
  } finally {
    await answeredBy(engines);
    events.close();
  }
}

try {
  await demo();
  console.log('\nEverything that should happen did.');
} catch (e) {
  console.error(`\nThe demonstration failed: ${e.message}`);
  console.error(`The logs are in ${RUN_DIR}/log/, worker.log and nginx.log first.`);
  process.exitCode = 1;
}
