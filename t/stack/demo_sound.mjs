// The demonstration's call where an engine carries its sound: a caller with a voice at the media
// stream, the engine's provider simulated. What was said is what the caller heard.
import {dayNamed} from '../e2e/lib/days.mjs';
import {MediaCall} from '../e2e/lib/media.mjs';
import {sim} from '../e2e/lib/sims.mjs';

// Whose model speaks in each engine, and where it is told what to say.
const MODELS = {
  elevenlabs: ['elevenlabs', 'agent-model'],
  realtime: ['openai', 'model'],
  pipeline: ['openai', 'model']
};

export const hasSound = (engine) => engine in MODELS;

const line = (who, text) => console.log(`${who.padEnd(9)} ${text}`);

/*
 * What a model would do that understands: a customer's words call tools, free times are followed
 * by a booking, and of anything else a tool's own sentence is said.
 */
const rules = (day) => [
  {
    when: '"available_slots": ?\\[\\{"start": ?"([^"]+)"',
    tool_calls: [{
      name: 'book_appointment',
      arguments: {service_type: 'tune_up', appointment_datetime: '$1'}
    }]
  },
  {when: '"message": ?"([^"]+)"', text: '$1'},
  {when: 'where is my order (\\d+)', tool_calls: [{name: 'lookup_order', arguments: {order_number: '$1'}}]},
  {
    when: 'book a tune-up',
    tool_calls: [{
      name: 'check_availability',
      arguments: {service_type: 'tune_up', preferred_date: dayNamed(day, 1).date, days_ahead: 1}
    }]
  },
  {
    when: 'talk to somebody',
    tool_calls: [{name: 'transfer_to_human', arguments: {reason: 'the brakes squeal'}}]
  },
];

async function says(call, words, expected) {
  await call.caller.quiet();
  line('caller', words);
  const since = call.caller.now();
  await call.caller.say(words);
  await call.caller.hears(expected);
  await call.caller.quiet();
  line('agent', call.caller.heardSince(since));
}

// Calls, asks for the order, books on that day, and is put through; the call's sid.
export async function callWithSound(engine, from, day, tracking) {
  const [provider, address] = MODELS[engine];
  await sim(provider).post(address, {rules: rules(day)});
  const call = await new MediaCall(from).ring();
  await call.caller.hears(/John/);
  await call.caller.quiet();
  line('agent', call.caller.heard());
  await says(call, 'where is my order 1042', new RegExp(tracking));
  await says(call, `please book a tune-up on ${day}`, new RegExp(`[Bb]ooked.*${day}`));
  line('caller', 'can I talk to somebody about the brakes');
  await call.caller.say('can I talk to somebody about the brakes');
  await call.caller.ended;
  const twiml = await call.resume();
  if (!/<Dial/.test(twiml)) throw new Error(`nobody is put through to: ${twiml}`);
  line('carrier', 'connects the caller with a person');
  await call.end();
  await sim(provider).post(address, {rules: []});
  return call.sid;
}
