// A hundred callers want one time at the same instant, by REST, by a tool's webhook and by
// text: one has it, the others are offered three others.
//   RACE_ROUNDS  how often (3)
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {login, UPTOWN} from './lib/account.mjs';
import {attestedCall, freeTimes, rest, tool, write} from './lib/appointments.mjs';
import {rows} from './lib/database.mjs';
import {openDays} from './lib/days.mjs';
import {stranger} from './lib/people.mjs';
import {drained} from './lib/queues.mjs';

const ROUNDS = Number(process.env.RACE_ROUNDS ?? 3);
const CALLERS = 100;
const SHOP = {agent: 'agent_uptown', number: UPTOWN.number};

const callers = Array.from({length: CALLERS}, (_, i) => ({phone: stranger(), name: `Caller ${i}`}));
const of = (...channels) => callers.filter((_, i) => channels.includes(i % 5));
const [byRest, byTool, byText] = [of(0, 1), of(2, 3), of(4)];

const [day] = openDays(3, 1);  // texts name a day of the coming week

// A weekday to which an appointment moves is the nearest to its own, which each caller has on another day.
const dated = (date) => new Date(`${date}T12:00Z`).toLocaleDateString('en-CA', {month: 'long', day: 'numeric', timeZone: 'UTC'});

let token;
const signIn = async () => ({token} = await login(UPTOWN));  // a token lives fifteen minutes
before(async () => {
  for (const caller of byTool) caller.headers = await attestedCall(SHOP, caller.phone);
});

const standing = (start) => rows(
    `select id, customer_phone from appointments
      where starts_at = :'start'::timestamptz and status in ('held', 'confirmed')
        and organization_id = (select organization_id from organization_phone_numbers
                                where phone_number = :'number')`,
    {start, number: UPTOWN.number});

const offersThree = (text) => /1\) .+; 2\) .+; 3\) /.test(text);

/*
 * The answers of all who asked for the start: one has it, as the database says too. What the
 * others hear are three times, and this one is none of them.
 */
async function judge(start, {answers, texts}) {
  const won = answers.filter(({answer}) => answer.json.success);
  const heard = [...texts].map(([number, all]) => ({number, offered: all.some(offersThree), all}));
  const wonByText = heard.filter(({offered}) => !offered);
  const said = () => [...answers.map(({answer}) => answer.text), ...heard.map(({all}) => all.join(' '))].join('\n');
  assert.equal(won.length + wonByText.length, 1, said());
  for (const {answer} of answers.filter((a) => !won.includes(a))) {
    assert.equal(answer.json.reason, 'time_conflict', answer.text);
    assert.equal(answer.json.alternatives.length, 3);
    assert.ok(answer.json.alternatives.every((other) => other.start !== start));
  }
  const found = await standing(start);
  assert.equal(found.length, 1);
  assert.equal(found[0].customer_phone, won[0]?.caller.phone ?? wonByText[0].number);
  await drained(120000);  // no text of this round is taken for one of the next
  return found[0];
}

// All at once; texts: what each of byText hears.
async function race({choice, http}) {
  const [texts, ...answers] = await Promise.all([
    write(byText.map((c) => c.phone), UPTOWN.number, choice),
    ...[...byRest, ...byTool].map(async (caller) => ({caller, answer: await http(caller)})),
  ]);
  return {texts, answers};
}

// The first of the times that every text of them was offered for that day.
async function offered(service, message) {
  const heard = await write(byText.map((c) => c.phone), UPTOWN.number, message);
  assert.ok([...heard.values()].every((texts) => texts.some(offersThree)), JSON.stringify([...heard]));
  return (await freeTimes(token, service, day.date))[0];
}

test(`${CALLERS} book one time, ${ROUNDS} times over`, async () => {
  const book = (start) => (caller) => {
    const body = {appointment_datetime: start, service_type: 'tune_up', customer_name: caller.name};
    return caller.headers ?
        tool('book_appointment', body, caller.headers) :
        rest('POST', '/api/calendar/book', token, {...body, customer_phone: caller.phone});
  };
  for (let round = 0; round < ROUNDS; round++) {
    await signIn();
    const start = await offered('tune_up', `Can I book a tune-up on ${day.weekday}?`);
    const taken = await judge(start, await race({choice: '1', http: book(start)}));
    const given = await rest('DELETE', `/api/appointments/${taken.id}`, token);
    assert.equal(given.status, 200, given.text);
  }
});

// An appointment of each caller's own, on days of their own.
async function ownAppointments() {
  const times = openDays(14, 4).flatMap(({date}) => Array.from({length: 28}, (_, i) => {
    const minutes = 9 * 60 + 15 * i;
    return `${date}T${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  }));
  for (const [i, caller] of callers.entries()) {
    const {json, text} = await rest('POST', '/api/calendar/book', token, {
      appointment_datetime: times[i],
      service_type: 'pickup',
      customer_name: caller.name,
      customer_phone: caller.phone
    });
    assert.equal(json.success, true, text);
    Object.assign(caller, {id: json.appointment_id, home: json.appointment_datetime});
  }
}

const elsewhere = () => rows(
    `select count(distinct starts_at)::int as n from appointments
      where status = 'confirmed' and customer_phone = any (string_to_array(:'phones', ','))`,
    {phones: callers.map((c) => c.phone).join()});

test(`${CALLERS} move their appointments to one time, ${ROUNDS} times over`, async () => {
  await signIn();
  await ownAppointments();
  const moveTo = (start) => (caller) => caller.headers ?
      tool('reschedule_appointment', {appointment_id: caller.id, appointment_datetime: start}, caller.headers) :
      rest('PATCH', `/api/appointments/${caller.id}`, token, {appointment_datetime: start});
  for (let round = 0; round < ROUNDS; round++) {
    await signIn();
    const start = await offered('pickup', `Please reschedule me to ${dated(day.date)}`);
    const taken = await judge(start, await race({choice: '1', http: moveTo(start)}));
    assert.deepEqual(await elsewhere(), [{n: CALLERS}], 'nobody lost the time they had');
    const {home} = callers.find((c) => c.id === taken.id);
    const back = await rest('PATCH', `/api/appointments/${taken.id}`, token, {appointment_datetime: home});
    assert.equal(back.status, 200, back.text);
  }
});

after(async () => {
  await signIn();
  await Promise.all(callers.filter((c) => c.id)
                        .map((c) => rest('DELETE', `/api/appointments/${c.id}`, token)));
});
