// A shop signs up through nginx: it is there with its number and its agent, or not at all; texts
// and calls to its number are answered for it; and the other shops are as they were.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {after, test} from 'node:test';

import {DOWNTOWN, login} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {call} from './lib/http.mjs';
import {phone, said} from './lib/phone.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const twilio = sim('twilio');
const elevenlabs = sim('elevenlabs');
const NUMBERS = `${env.TWILIO_BASE_URL}/2010-04-01/Accounts/${env.TWILIO_ACCOUNT_SID}/IncomingPhoneNumbers`;
const authorization = `Basic ${Buffer.from(`${env.TWILIO_ACCOUNT_SID}:${env.TWILIO_AUTH_TOKEN}`).toString('base64')}`;

const shopOf = (more = {}) => ({
  email: `${randomUUID()}@signup.example`,
  password: 'a-long-password',
  firstName: 'Ann',
  lastName: 'Smith',
  businessName: 'Smith Plumbing',
  businessPhone: '(514) 555-0199',
  businessType: 'Plumbing',
  ownerPhone: '+15145550198',
  timezone: 'America/Toronto',
  businessHoursOpen: '00:00',
  businessHoursClose: '24:00',
  businessDays: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  termsAccepted: true,
  services: 'Pipes and drains',
  ...more,
});

const register = (body) => call('POST', '/api/auth/register', {body});
const resume = (token) => call('POST', '/api/admin/provisioning/resume', {token});
const numbers = async () =>
    (await call('GET', `${NUMBERS}.json`, {headers: {authorization}})).json.incoming_phone_numbers;
const platform = async (path) => (await call('GET', `${env.ELEVENLABS_BASE_URL}/v1/convai/${path}`, {
  headers: {'xi-api-key': env.ELEVENLABS_API_KEY}
})).json;
const agents = async () => (await platform('agents?page_size=100')).agents;
const agentOf = (id) => platform(`agents/${id}`);
const shops = () => rows('select id::text from organizations order by id');

// The demo's shops, with all that signing up could have touched.
const others = () => rows(
    `select md5(o::text || coalesce(n::text, '')) as is from organizations o
       left join organization_phone_numbers n on n.organization_id = o.id
      where o.slug like 'bici-%' order by 1`);

after(async () => {
  const gone = await rows(
      `delete from organizations where email like '%@signup.example' returning id::text`);
  for (const {friendly_name, sid} of await numbers()) {
    if (gone.some(({id}) => friendly_name.endsWith(id)))
      await call('DELETE', `${NUMBERS}/${sid}.json`, {headers: {authorization}});
  }
});

test('a shop signs up, and its number is answered for it', async () => {
  const before = await others();
  const body = shopOf({businessName: 'Corner Plumbing'});
  const {status, json} = await register(body);
  assert.equal(status, 201, JSON.stringify(json));
  assert.equal(json.user.email, body.email);
  assert.equal(json.organization.name, 'Corner Plumbing');
  assert.equal(json.organization.plan, 'PRO');
  assert.equal(json.provisioning.state, 'complete');
  assert.match(json.provisioning.phone_number, /^\+1514/);
  assert.match(json.provisioning.elevenlabs_agent_id, /^agent_/);
  assert.match(json.provisioning.elevenlabs_phone_number_id, /^phnum_/);

  const {token, user} = await login(body);
  assert.equal(user.organization_id, json.organization.id);
  const settings = await call('GET', '/api/settings', {token});
  assert.equal(settings.json.settings.shop.name, 'Corner Plumbing');
  assert.deepEqual(settings.json.settings.shop.hours.sunday, {open: '00:00', close: '24:00'});
  assert.equal((await call('GET', '/api/settings', {token: json.token})).status, 200);
  assert.deepEqual((await call('GET', '/api/leads', {token})).json.leads, []);
  assert.equal((await call('GET', '/api/plan', {token})).json.plan.credits.balance, 100);

  const since = await twilio.last();
  const from = '+15145550142';
  await twilio.post(
      'sms', {from, to: json.provisioning.phone_number, body: 'What are your hours on Monday?'});
  const [answer] = await waitFor('an answer', async () => {
    const sent = await sentTo(from, since);
    return sent.length > 0 && sent;
  });
  assert.equal(answer.from, json.provisioning.phone_number);
  const leads = await waitFor('its lead', async () => {
    const found = (await call('GET', '/api/leads', {token})).json.leads;
    return found.length > 0 && found;
  });
  assert.equal(leads.length, 1);
  assert.deepEqual(await others(), before);
});

// What each call is told has all that the agent of the template speaks of, and may say it.
test('a call to its number is its agent\'s, which knows whose it is', async () => {
  let to, agent_id;
  for (const [businessType, businessName] of [['Bike shop', 'Two Wheels'], ['Law office', 'Law & Sons']]) {
    const {status, json} = await register(shopOf({businessType, businessName}));
    assert.equal(status, 201);
    ({phone_number: to, elevenlabs_agent_id: agent_id} = json.provisioning);
    const told = await elevenlabs.post('initiate', {agent_id, called: to, caller: '+15145550144'});
    assert.equal(told.delivery.status, 200);
    assert.deepEqual([told.problem, told.ignored_overrides], [undefined, []]);
    const variables = told.answer.dynamic_variables;
    assert.equal(variables.business_name, businessName);
    assert.equal(variables.owner_phone, '+15145550198');
    const {agent} = (await agentOf(agent_id)).conversation_config;
    const named = [...`${agent.first_message} ${agent.prompt.prompt}`.matchAll(/\{\{(\w+)\}\}/g)];
    assert.ok(named.length > 5);
    assert.deepEqual(named.map(([, name]) => name).filter((name) => !(name in variables)), []);
  }
  const since = await elevenlabs.last();
  const heard = await phone({from: '+15145550144', to, script: [{hangup: true}]});
  assert.deepEqual(heard.requests.map((r) => r.status).filter((s) => s !== 200 && s !== 204), []);
  const registered = (await elevenlabs.requests(since)).find((r) => r.path.endsWith('/register-call'));
  assert.equal(registered.body.agent_id, agent_id);
  assert.equal(registered.body.to_number, to);
});

test('what is wrong is named, and nothing is done', async () => {
  const before = await shops();
  const since = await twilio.last();
  const wrong = {
    email: 'nobody',
    password: 'short',
    firstName: undefined,
    businessPhone: '12',
    ownerPhone: undefined,
    timezone: 'Mars/Base',
    businessHoursOpen: 'nine',
    businessDays: ['someday'],
    termsAccepted: false,
    plan: 'GOLD',
  };
  for (const [member, value] of Object.entries(wrong)) {
    const {status, json} = await register(shopOf({[member]: value}));
    assert.equal(status, 400, member);
    assert.match(json.error.message, new RegExp(`\\b${member}\\b`));
  }
  assert.deepEqual(await shops(), before);
  assert.equal(await twilio.last(), since);
  assert.equal((await call('GET', '/api/auth/register')).status, 405);
});

// The later ones ask while the first is at work, or just when it has done.
test('an address signs up once, however often it asks', async () => {
  for (let round = 0; round < 4; round++) {
    const body = shopOf();
    const answers = await Promise.all([register(body), register(body), register(body)]);
    const made = answers.filter(({status}) => status === 201);
    assert.equal(made.length, 1, answers.map(({status}) => status).join(' '));
    assert.deepEqual(answers.filter(({status}) => ![201, 409, 503].includes(status)), []);
    const again = await register(body);
    assert.equal(again.status, 409);
    assert.doesNotMatch(again.text, /Smith/);
    const {id} = made[0].json.organization;
    assert.equal((await numbers()).filter((n) => n.friendly_name.endsWith(id)).length, 1);
    assert.equal((await agents()).filter((a) => a.tags.includes(`voiceagent:${id}`)).length, 1);
  }
  assert.equal((await register(shopOf({email: DOWNTOWN.email}))).status, 409);
});

test('without a number nothing remains, and the address is free', async () => {
  const before = await shops();
  const body = shopOf();
  await twilio.script({path: 'AvailablePhoneNumbers', status: 500, body: {}});
  const {status} = await register(body);
  assert.equal(status, 503);
  assert.deepEqual(await shops(), before);
  assert.equal((await call('POST', '/api/auth/login', {body})).status, 401);
  assert.equal((await register(body)).status, 201);
});

test('a number whose purchase was not heard of is the shop\'s all the same', async () => {
  await twilio.script({path: 'IncomingPhoneNumbers', method: 'POST', drop: true, effect: true});
  const {status, json} = await register(shopOf());
  assert.equal(status, 201);
  const own = (await numbers()).filter((n) => n.friendly_name.endsWith(json.organization.id));
  assert.deepEqual(own.map((n) => n.phone_number), [json.provisioning.phone_number]);
});

test('without its agent a shop is answered by the receptionist, until it is resumed', async () => {
  await elevenlabs.script({path: '/v1/convai/', status: 503, body: {}});
  const {status, json} = await register(shopOf({businessName: 'Late Agent'}));
  assert.equal(status, 201);
  assert.equal(json.provisioning.complete, false);
  assert.equal(json.provisioning.elevenlabs_agent_id, null);
  const to = json.provisioning.phone_number;
  const heard = await phone({from: '+15145550143', to, script: [{hangup: true}]});
  assert.match(said(heard).join(' '), /Late Agent/);

  assert.equal((await resume()).status, 401);
  const [first, second] = await Promise.all([resume(json.token), resume(json.token)]);
  assert.deepEqual([first.status, second.status].filter((s) => s !== 409 && s !== 200), []);
  const last = await resume(json.token);
  assert.equal(last.json.provisioning.complete, true, last.text);
  const {id} = json.organization;
  assert.equal((await agents()).filter((a) => a.tags.includes(`voiceagent:${id}`)).length, 1);
  const number = (await numbers()).find((n) => n.phone_number === to);
  assert.equal(number.voice_url, `${env.VA_PUBLIC_URL}/api/voice/incoming`);
  assert.equal(number.sms_url, `${env.VA_PUBLIC_URL}/api/webhooks/twilio/sms#rc=5&rp=5xx,ct,rt`);
  const {engines} = await row('select engines from organizations where id = :\'id\'', {id});
  assert.deepEqual(engines, ['elevenlabs', 'receptionist']);
});

test('a shop that was there is left alone', async () => {
  const before = await others();
  const {token} = await login(DOWNTOWN);
  const {status, json} = await resume(token);
  assert.equal(status, 200);
  assert.equal(json.provisioning.elevenlabs_agent_id, 'agent_downtown');
  assert.deepEqual(await others(), before);
});
