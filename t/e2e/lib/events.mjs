// Live events, read by the EventSource of the web.
import {EventSource} from 'eventsource';

import {ticket} from './account.mjs';
import {at, fetchSystem} from './http.mjs';
import {waitFor} from './wait.mjs';

const TYPES = [
  'connected', 'conversation_started', 'user_transcript', 'agent_response', 'client_tool_executed',
  'language_switched', 'transfer_initiated', 'human_agent_joined', 'human_agent_message',
  'ai_agent_resumed', 'outbound_call_initiated', 'sms_received', 'sms_sent', 'call_started',
  'call_ended', 'call_completed', 'appointment_changed', 'emergency', 'resync'
];

/*
 * Opens a stream of the system with a ticket made for it, and waits for "connected".
 * The result: all (the events so far: {type, id, data}), find(type, test) and close().
 */
export async function openEvents(path, token) {
  const url = new URL(at(path));
  url.searchParams.set('ticket', await ticket(token));
  const source = new EventSource(url.href, {fetch: fetchSystem});
  const stream = {all: [], error: null, close: () => source.close()};
  source.addEventListener('error', (e) => {
    stream.error = e;
  });
  for (const type of TYPES) {
    source.addEventListener(type, (e) => {
      stream.all.push({type, id: e.lastEventId, data: e.data ? JSON.parse(e.data) : undefined});
    });
  }
  stream.find = (type, test = () => true) => waitFor(
      `an event ${type} on ${path}`, () => stream.all.find((e) => e.type === type && test(e.data)));
  try {
    await waitFor(`"connected" on ${path}`, () => {
      if (stream.error?.code)
        throw new Error(`${path}: ${stream.error.code} ${stream.error.message ?? ''}`);
      return stream.all.some((e) => e.type === 'connected');
    });
  } catch (e) {
    source.close();
    throw e;
  }
  return stream;
}
