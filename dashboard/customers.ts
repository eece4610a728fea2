// What the API tells of a shop's customers, who are its leads too.
export interface Customer {
  id: string;
  customer_name: string | null;
  first_name: string | null;
  last_name: string | null;
  company: string | null;
  phone_number: string | null;
  email: string | null;
  lead_status: string;
  lead_score: number;
  priority: string;
  sentiment: string | null;
  tier: string;
  tags: string[];
  preferred_language: string | null;
  contact_preferences: Record<string, boolean>;
  total_purchases: number | null;
  purchase_count: number;
  last_purchase_date: string | null;
  last_service_date: string | null;
  last_contact_at: string | null;
  customer_since: string | null;
  // of one alone
  address?: Record<string, string> | null;
  notes?: string | null;
  conversation_summary?: string | null;
  commitments?: (string | {text?: string})[];
}

export const STATUSES = ['new', 'contacted', 'qualified', 'hot', 'cold', 'closed'];
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'];
