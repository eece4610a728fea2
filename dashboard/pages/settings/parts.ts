// What the settings' parts share: each is read with all others and saved by itself.
import type {Loaded} from '../../api.ts';
import {put} from '../../api.ts';

export interface Settings {
  campaigns: Campaign[];
  hubspot: {status: string; portal: string | null; error: string | null} | null;
  chat: {origins: string[]; keys: {created_at: string; expires_at: string | null}[]};
  voicemail: {action: string; message: Record<string, string>};
  recording: {enabled: boolean};
  shop: Shop;
}

export interface Campaign {
  name: string;
  trigger: string;
  delay_seconds: number;
  conditions: Record<string, any>;
  is_active: boolean;
}

export interface Day {
  open?: string;
  close?: string;
  closed?: boolean;
}

export interface Shop {
  name: string;
  hours: Record<string, Day>;
  holidays: Record<string, Day>;
  timezone: string;
  languages: string[];
  phone: string | null;
  owner_phone: string | null;
  notification_phone: string | null;
  email: string | null;
  notification_email: string | null;
  website_url: string | null;
  address: Record<string, string> | null;
  directions: string | null;
  description: string | null;
  services_description: string | null;
  policies: Record<string, string>;
  promotions: {text: string; starts?: string; ends?: string}[];
  transfer_destinations: {name: string; number: string; description?: string; rules?: string[]}[];
}

export interface Part {
  settings: Settings;
  asked: Loaded<{settings: Settings}>;
}

// Saves parts of the settings, and shows what stands now.
export async function save(asked: Loaded<{settings: Settings}>, changes: object) {
  const answer = await put<{settings?: Settings; chat_key?: string}>('/api/settings', changes);
  if (answer.settings) asked.set({settings: answer.settings});
  else asked.reload();
  return answer;
}

// A field that is left empty is taken away. For what is sent, not for what is being written.
export const orNull = (text: string) => (text.trim() === '' ? null : text.trim());
