/*
 * Live events. Each connection is opened with a ticket of its own, which counts once, so that the
 * browser's own reconnecting would be refused: we come back with a new ticket and the id of the
 * last event, behind which the server goes on without a gap. Where it cannot it says "resync", and
 * whoever shows something reads it anew.
 */
import {post} from './api.ts';
import {user} from './session.ts';

export interface LiveEvent {
  type: string;
  organizationId: string;
  leadId: string | null;
  callId?: string | null;
  timestamp: string;
  [member: string]: any;
}

export type Connection = 'connecting' | 'live' | 'broken';

const TYPES = [
  'connected', 'active_calls', 'active_call', 'conversation_history', 'lead_status', 'conversation_started',
  'user_transcript', 'agent_response', 'client_tool_executed', 'language_switched', 'transfer_initiated',
  'human_agent_joined', 'human_agent_message', 'ai_agent_resumed', 'outbound_call_initiated', 'sms_received',
  'sms_sent', 'email_sent', 'call_started', 'call_ended', 'call_completed', 'recording_declined',
  'appointment_changed', 'emergency', 'resync',
];

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const TICK_MS = 10_000;
const ASLEEP_MS = 150_000;  // a tab that is not seen ticks once a minute

export interface Stream {
  close(): void;
}

export function openStream(path: string, on: {
  event(e: LiveEvent): void;
  connection(c: Connection): void;
}): Stream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = '';
  let pause = FIRST_PAUSE_MS;
  let closed = false;
  let attempt = 0;

  function again() {
    source?.close();
    source = undefined;
    if (closed || !user.get()) return;
    on.connection('broken');
    clearTimeout(timer);
    timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  function take(e: MessageEvent) {
    if (e.lastEventId) last = e.lastEventId;
    if (!e.data) return;
    const event = JSON.parse(e.data) as LiveEvent;
    if (event.type === 'connected') {
      pause = FIRST_PAUSE_MS;
      on.connection('live');
    }
    on.event(event);
  }

  async function connect() {
    const mine = ++attempt;
    on.connection('connecting');
    try {
      const {ticket} = await post<{ticket: string}>('/api/auth/ticket');
      if (closed || mine !== attempt) return;
      const args = new URLSearchParams({ticket, ...(last && {last_event_id: last})});
      source = new EventSource(`${path}?${args}`);
      source.onerror = again;
      TYPES.forEach((type) => source!.addEventListener(type, take));
    } catch {
      if (mine === attempt) again();
    }
  }

  // Not after the longest pause; what is open may lead nowhere any more.
  function anew() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
    pause = FIRST_PAUSE_MS;
    void connect();
  }
  function seen() {
    if (!source && document.visibilityState === 'visible') anew();
  }
  // The machine was asleep: its connections have broken, and nobody has said so.
  let ticked = Date.now();
  const ticks = setInterval(() => {
    if (Date.now() - ticked > ASLEEP_MS) anew();
    ticked = Date.now();
  }, TICK_MS);

  addEventListener('online', anew);
  document.addEventListener('visibilitychange', seen);
  void connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      source?.close();
      clearInterval(ticks);
      removeEventListener('online', anew);
      document.removeEventListener('visibilitychange', seen);
    },
  };
}
