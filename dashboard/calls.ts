// What the API tells of calls, and what events change of it.
import type {LiveEvent} from './events.ts';

export interface Turn {
  id?: string;      // of what was read; an event tells none
  told?: boolean;   // by an event, too
  speaker: 'customer' | 'agent' | 'human_agent' | 'system' | string;
  content: string;
  language?: string | null;
  sentiment?: string | null;
  tools_used?: unknown[] | null;
  citations?: unknown[] | null;
  latency?: Record<string, number> | null;
  timestamp: string;
  interrupted?: boolean;
  channel?: string;
}

export interface Call {
  id: string;
  customer_id: string | null;
  customer_name: string | null;
  direction: 'inbound' | 'outbound';
  caller_number: string | null;
  called_number: string | null;
  twilio_call_sid: string | null;
  engine: string | null;
  language: string | null;
  status: string;
  started_at: string;
  answered_at: string | null;
  ended_at: string | null;
  duration_seconds: number | null;
  end_reason: string | null;
  call_reason: string | null;
  summary: string | null;
  call_type: string | null;
  outcome: string | null;
  resolution: string | null;
  sentiment: string | null;
  satisfaction_score: number | null;
  lead_score: number | null;
  appointment_booked: boolean;
  emergency_level: string | null;
  human_escalation_required: boolean;
  transferred_to: string | null;
  transfer_reason: string | null;
  taken_over_by: string | null;
  has_recording: boolean;
  [member: string]: any;
}

// What a client tool of the agent shows beside a talk.
export interface Card {
  tool: string;
  at: string;
  parameters: Record<string, any>;
  product?: Record<string, any>;
}

// Who has the talk; as events and answers have told, never as somebody has wished.
export interface Holder {
  id: string | null;
  name: string | null;
  by: string;  // text or phone; empty: taken over before anybody listened here
  through?: boolean;  // the agent has put the call through: nobody can give it back
}

export interface Talk {
  call: Call;
  read?: boolean;  // its turns were, and follow from events since
  turns: Turn[];
  cards: Card[];
  tools: string[];
  emergency?: {level: string; message: string; at: string};
  holder?: Holder;
  transfer?: {reason: string | null; destination: string | null; at: string};
}

const SAME_MS = 15_000;  // from a turn's beginning to the event that tells of it

export const LIVE = ['connecting', 'in_progress'];
export const isLive = (call: Call) => LIVE.includes(call.status);

// Lists do not tell whether it was given back; the call itself does.
const isHeld = (call: Call) => call.taken_over_by && call.resumed_at === null && isLive(call);

// The other end of the line.
export const numberOf = (call: Call) => (call.direction === 'outbound' ? call.called_number : call.caller_number);

const toolName = (tool: unknown) =>
    (typeof tool === 'string' ? tool : String((tool as any)?.name ?? (tool as any)?.tool ?? ''));

export const toolNames = (turn: Turn) => (turn.tools_used ?? []).map(toolName).filter(Boolean);

export function talkOf(call: Call, turns: Turn[] = []): Talk {
  return {
    call,
    turns,
    cards: [],
    tools: [...new Set(turns.flatMap(toolNames))],
    ...(isHeld(call) && {holder: {id: call.taken_over_by, name: null, by: ''}}),
    ...(call.emergency_level === 'urgent' &&
        {emergency: {level: 'urgent', message: call.summary ?? '', at: call.started_at}}),
  };
}

// A turn of which an event told. One that was read may be the same, but of one event only: "yes"
// is said often.
function addTurn(turns: Turn[], turn: Turn): Turn[] {
  const at = Date.parse(turn.timestamp);
  const i = turns.findIndex((t) => t.id && !t.told && t.speaker === turn.speaker && t.content === turn.content &&
                                   Math.abs(Date.parse(t.timestamp) - at) < SAME_MS);
  return i < 0 ? [...turns, turn] : turns.with(i, {...turns[i]!, told: true});
}

// The agent was cut short: what was really heard takes the place of what was meant.
function correct(turns: Turn[], turn: Turn): Turn[] {
  const i = turns.findLastIndex((t) => t.speaker === 'agent');
  if (i < 0) return [...turns, turn];
  return turns.with(i, {...turns[i]!, content: turn.content, interrupted: true});
}

const said = (e: LiveEvent, speaker: string, content: string): Turn => ({
  speaker,
  content,
  language: e.language,
  tools_used: e.toolsUsed,
  latency: e.latency,
  timestamp: e.timestamp,
  interrupted: e.corrected,
});

// The talk after that event.
export function apply(talk: Talk, e: LiveEvent): Talk {
  const {call} = talk;
  switch (e.type) {
    case 'user_transcript':
      return {
        ...talk,
        call: {...call, status: 'in_progress', language: e.language ?? call.language},
        turns: addTurn(talk.turns, said(e, 'customer', e.transcript)),
      };
    case 'agent_response': {
      const turn = said(e, 'agent', e.response);
      return {
        ...talk,
        call: {...call, status: 'in_progress', language: e.language ?? call.language},
        turns: e.corrected ? correct(talk.turns, turn) : addTurn(talk.turns, turn),
        tools: [...new Set([...talk.tools, ...toolNames(turn)])],
        holder: talk.holder?.through ? undefined : talk.holder,
      };
    }
    case 'human_agent_message':
      return {...talk, turns: addTurn(talk.turns, said(e, 'human_agent', e.message))};
    case 'client_tool_executed': {
      const card = {tool: e.toolName, at: e.timestamp, parameters: e.parameters ?? {}, product: e.result?.product};
      return {...talk, cards: [...talk.cards, card], tools: [...new Set([...talk.tools, e.toolName])]};
    }
    case 'language_switched':
      return {...talk, call: {...call, language: e.to_language}};
    case 'transfer_initiated':
      return {...talk, transfer: {reason: e.reason, destination: e.destination, at: e.timestamp}};
    case 'human_agent_joined':
      // Whoever was rung has pressed a key: who had taken it over, else whom the agent put it through to.
      if (!e.agentId) return {...talk, holder: talk.holder ?? {id: null, name: null, by: 'phone', through: true}};
      return {...talk, holder: {id: e.agentId, name: e.agentName ?? null, by: e.by ?? 'phone'}};
    case 'ai_agent_resumed':
      return {...talk, holder: undefined};
    case 'emergency':
      return {...talk, emergency: {level: e.emergencyLevel, message: e.message, at: e.timestamp}};
    case 'call_ended':
      return {
        ...talk,
        call: {...call, status: e.status, ended_at: e.endedAt, duration_seconds: e.duration},
        holder: undefined,
      };
    default:
      return talk;
  }
}
