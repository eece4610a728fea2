// What the chat's API takes and says (docs/chat.md).
export type NextAction = 'continue' | 'choose_time' | 'confirm_callback' | 'prove_order' |
    'leave_message' | 'give_number' | 'wait_for_person' | 'emergency';

export interface Lead {
  name: string | null;
  email: string | null;
  phone: string | null;
}

// What a person of the shop wrote; numbers begin with 1 in each session.
export interface Written {
  number: number;
  id: string;
  message: string;
  at: string;
}

export interface Request {
  message?: string;
  messageId?: string;
  sessionId?: string;
  after?: number;
  name?: string;
  email?: string;
  phone?: string;
  again?: number;
}

export interface Answer {
  sessionId: string;
  person: boolean;
  reply?: string | null;
  nextAction?: NextAction;
  emergencyLevel?: string;
  lead?: Lead;
  messages?: Written[];
}

export type Push = ({type: 'message'} & Written) | {type: 'person'; person: boolean};

// A code of the API, or "offline": nobody was reached; or "pending": the same again gets the answer.
export interface Refusal {
  code: string;
  message: string;
  retryMs: number;
}

export type Result = {answer: Answer} | {refusal: Refusal};

// What a page shows of the shop before anything is said.
export interface Shop {
  name: string;
  agent: string;
  greeting: Record<string, string>;
  phone: string | null;
  branding: string | null;
}

export const refused = (code: string, message = '', retryMs = 0): Result => ({refusal: {code, message, retryMs}});
