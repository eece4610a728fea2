// Free times of a shop and who wants them: by REST, by a tool's webhook, by text.
import {randomBytes} from 'node:crypto';

import {row, rows} from './database.mjs';
import {env} from './env.mjs';
import {ask, call} from './http.mjs';
import {sim} from './sims.mjs';
import {waitFor} from './wait.mjs';

const plain = (path) => env.VA_HTTP_URL + path;

// An answer, or what became of the effect that was answered too early (202).
async function settled(answer) {
  if (answer.status !== 202) return answer;
  return waitFor(`the end of job ${answer.json.job}`, async () => {
    const later = await call('GET', `/api/jobs/${answer.json.job}`, {token: env.TOOLS_SECRET});
    return later.status !== 202 && later;
  }, 120000);
}

// A tool as ElevenLabs calls it; headers say whose call it is.
export const tool = async (name, body, headers) => settled(await call(
    'POST', plain(`/api/elevenlabs/tools/${name}`), {token: env.TOOLS_SECRET, headers, body}));

export const rest = async (method, path, token, body) =>
    settled(await call(method, plain(path), {token, body}));

// The free starts of a day.
export async function freeTimes(token, service_type, day) {
  const {available_slots} = await ask(
      'GET', `/api/calendar/availability?service_type=${service_type}&preferred_date=${day}&days_ahead=1`,
      {token});
  return available_slots.map((slot) => slot.start);
}

// Who has an appointment today is greeted with it, and hears from no campaign.
export const cancelAppointments = (phone) => rows(
    `update appointments set status = 'cancelled', cancelled_at = now(), cancelled_by = 'staff'
      where customer_phone = :'phone' and status in ('held', 'confirmed') returning id`,
    {phone});

// The headers of a call to that shop which the carrier vouches for.
export async function attestedCall({agent, number}, from, stir = 'TN-Validation-Passed-A') {
  const sid = `CA${randomBytes(16).toString('hex')}`;
  await row(
      `insert into calls (organization_id, twilio_call_sid, caller_number, called_number, stir_verstat)
       select organization_id, :'sid', :'from', phone_number, :'stir'
         from organization_phone_numbers where phone_number = :'number' returning id`,
      {sid, from, number, stir});
  return {'x-va-agent': agent, 'x-va-called': number, 'x-va-call': sid, 'x-va-caller': from};
}

/*
 * Each of the numbers writes the same; what each hears, by number: the texts that left for it
 * until all of them had an answer.
 */
export async function write(numbers, to, body) {
  const twilio = sim('twilio');
  const since = await twilio.last();
  await Promise.all(numbers.map((from) => twilio.post('sms', {from, to, body})));
  return waitFor(`answers to ${numbers.length} texts "${body}"`, async () => {
    const heard = new Map(numbers.map((number) => [number, []]));
    for (const {method, path, body: form, answer} of await twilio.requests(since)) {
      if (method === 'POST' && /\/Messages\.json$/.test(path) && answer?.status === 201)
        heard.get(form.To)?.push(form.Body);
    }
    return [...heard.values()].every((texts) => texts.length > 0) && heard;
  }, 120000);
}
