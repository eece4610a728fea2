// What the API tells of appointments and free times, and the week in which they are shown.
import {get} from './api.ts';
import {addDays} from './days.ts';

export interface Appointment {
  id: string;
  lead_id: string | null;
  call_id: string | null;
  customer_name: string | null;
  customer_phone: string | null;
  appointment_type: string;
  purpose: string | null;
  status: string;
  starts_at: string;
  ends_at: string;
  duration_minutes: number;
  notes: string | null;
  price: number | null;
  calendar_state: string;
  confirmation_sent_at: string | null;
  pickup_ready_at: string | null;
  cancel_reason: string | null;
}

export interface Slot {
  start: string;  // with the shop's offset
  date: string;
  time: string;
}

export const SERVICES = ['tune_up', 'repair', 'pickup', 'fitting', 'warranty', 'general'];
export const STANDING = ['held', 'confirmed', 'in_progress'];

// The Monday of its week.
export const weekOf = (date: string) => addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));

const PAGES = 10;  // of a hundred: more than anybody's week has

// All of those days, the first first.
export async function readDays(from: string, to: string, signal: AbortSignal): Promise<Appointment[]> {
  const found: Appointment[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES && (page === 0 || cursor); page++) {
    const answer = await get('/api/appointments', {from, to, limit: 100, cursor}, signal);
    found.push(...answer.appointments);
    cursor = answer.next_cursor ?? undefined;
  }
  return found.sort((a, b) => a.starts_at.localeCompare(b.starts_at));
}

export async function freeTimes(service: string, date: string): Promise<Slot[]> {
  const answer = await get<{available_slots: Slot[]}>('/api/calendar/availability',
                                                      {service_type: service, preferred_date: date, days_ahead: 1});
  return answer.available_slots.filter((s) => s.date === date);
}
