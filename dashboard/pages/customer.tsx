// One customer: what is known, what was said on whichever channel, and what was agreed.
import {useEffect} from 'preact/hooks';

import {patch, useApi, useList} from '../api.ts';
import type {Appointment} from '../appointments.ts';
import type {Call, Turn} from '../calls.ts';
import {Badge, Button, Card, DraftForm, Failure, Loading, More, Page, Select, TextArea, TextField, Transcript} from '../components/index.ts';
import {type Customer, PRIORITIES, STATUSES} from '../customers.ts';
import {dayTime, languageName, money, number, phone, when} from '../format.ts';
import {onEvent} from '../live.ts';
import {may, user} from '../session.ts';
import {useStore} from '../store.ts';
import {t, word} from '../texts/index.ts';
import {TONES} from './appointments.tsx';
import {LEAD_TONES} from './customers.tsx';
import {NotFound} from './missing.tsx';

const address = (a: Customer['address']) =>
    [a?.street, a?.city, [a?.region, a?.postal_code].filter(Boolean).join(' '), a?.country].filter(Boolean).join(', ');

const allowed = (preferences: Record<string, boolean>) =>
    Object.entries(preferences).filter(([, yes]) => yes).map(([channel]) => word('channel', channel)).join(', ');

function Facts({c}: {c: Customer}) {
  const rows: [string, string | null][] = [
    [t('customers.phone'), phone(c.phone_number)],
    [t('login.email'), c.email],
    [t('customers.tier'), word('tier', c.tier)],
    [t('calls.language'), languageName(c.preferred_language)],
    [t('customers.may'), allowed(c.contact_preferences ?? {}) || t('customers.nothing')],
    [t('customers.spent'), c.total_purchases == null ? null : `${money(c.total_purchases)} (${number(c.purchase_count)})`],
    [t('customers.last_service'), c.last_service_date && when(c.last_service_date)],
    [t('customers.last'), c.last_contact_at && when(c.last_contact_at)],
    [t('customers.address'), address(c.address)],
  ];
  return (
    <dl class="facts">
      {rows.filter(([, v]) => v).map(([name, v]) => <div key={name}><dt>{name}</dt><dd>{v}</dd></div>)}
    </dl>
  );
}

function Standing({c, onChange}: {c: Customer; onChange: (c: Customer) => void}) {
  const value = {lead_status: c.lead_status, priority: c.priority, first_name: c.first_name ?? '', last_name: c.last_name ?? '',
    email: c.email ?? '', notes: c.notes ?? ''};
  return (
    <DraftForm value={value} onSave={async ({first_name, ...changes}) => {
      const answer = await patch<{lead: Customer}>(`/api/customers/${c.id}`, {
        ...Object.fromEntries(Object.entries(changes).map(([name, v]) => [name, v.trim() || null])),
        ...(first_name?.trim() && {first_name}),
      });
      onChange(answer.lead);
    }}>
      {(d, set) => (
        <>
          <div class="two">
            <Select name={t('customers.state')} value={d.lead_status} onInput={(lead_status) => set({lead_status})}
                options={STATUSES.map((s) => [s, word('lead', s)])} />
            <Select name={t('customers.priority')} value={d.priority} onInput={(priority) => set({priority})}
                options={PRIORITIES.map((p) => [p, word('priority', p)])} />
            <TextField name={t('customers.first_name')} value={d.first_name} onInput={(first_name) => set({first_name})} />
            <TextField name={t('customers.last_name')} value={d.last_name} onInput={(last_name) => set({last_name})} />
            <TextField name={t('login.email')} type="email" value={d.email} onInput={(email) => set({email})} />
          </div>
          <TextArea name={t('appointments.notes')} rows={3} value={d.notes} onInput={(notes) => set({notes})} />
        </>
      )}
    </DraftForm>
  );
}

function Conversation({id}: {id: string}) {
  const list = useList<Turn & {id: string}>(`/api/conversations/${id}`, 'messages');
  useEffect(() => onEvent((e) => {
    if (e.leadId === id || e.type === 'resync') list.reload();
  }), [id]);
  return (
    <Card title={t('customers.conversation')}>
      {list.items.length > 0 && list.more &&
          <div class="more"><Button onClick={list.next}>{t('customers.earlier')}</Button></div>}
      {(list.items.length > 0 || !list.loading) && !list.error &&
          <Transcript turns={[...list.items].reverse()} label={t('customers.conversation')} tall />}
      {list.error && <Failure error={list.error} retry={list.reload} />}
      {list.loading && list.items.length === 0 && <Loading />}
    </Card>
  );
}

function Appointments({of}: {of: Customer}) {
  const list = useList<Appointment>('/api/appointments', 'appointments', {q: of.phone_number ?? of.customer_name, limit: 10});
  const own = list.items.filter((a) => a.lead_id === of.id);
  return (
    <Card title={t('appointments.title')}>
      {!list.loading && own.length === 0 && <p class="hint">{t('appointments.nothing')}</p>}
      <ul class="bare">
        {own.map((a) => (
          <li key={a.id}>
            <b>{dayTime(a.starts_at)}</b> {word('service_type', a.appointment_type)}{' '}
            <Badge tone={TONES[a.status as keyof typeof TONES]}>{word('appointment', a.status)}</Badge>
          </li>
        ))}
      </ul>
      <More list={list} />
    </Card>
  );
}

function Calls({of}: {of: Customer}) {
  const list = useList<Call>('/api/calls', 'calls', {q: of.phone_number ?? of.customer_name, limit: 10});
  const own = list.items.filter((c) => c.customer_id === of.id);
  return (
    <Card title={t('calls.title')}>
      {!list.loading && own.length === 0 && <p class="hint">{t('calls.none')}</p>}
      <ul class="bare">
        {own.map((c) => (
          <li key={c.id}><a href={`/calls/${c.id}`}>{when(c.started_at)}</a> {word('outcome', c.outcome) || word('status', c.status)}</li>
        ))}
      </ul>
      <More list={list} />
    </Card>
  );
}

export default function CustomerPage({id}: {id: string}) {
  const manager = may(useStore(user), 'manager');
  const asked = useApi<{lead: Customer}>(`/api/customers/${id}`);
  const c = asked.data?.lead;
  if (asked.error?.status === 404) return <NotFound />;
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (!c) return <Loading />;
  return (
    <Page title={c.customer_name || phone(c.phone_number)} back={{href: '/customers', text: t('customers.title')}}
        actions={<Badge tone={LEAD_TONES[c.lead_status as keyof typeof LEAD_TONES]}>{word('lead', c.lead_status)}</Badge>}>
      <div class="columns">
        <div>
          {c.conversation_summary && <Card title={t('customers.summary')}><p>{c.conversation_summary}</p></Card>}
          <Conversation id={id} />
        </div>
        <div>
          <Card title={t('customers.facts')}><Facts c={c} /></Card>
          {c.commitments && c.commitments.length > 0 && (
            <Card title={t('customers.promised')}>
              <ul class="bare">{c.commitments.map((p, i) => <li key={i}>{typeof p === 'string' ? p : p.text ?? JSON.stringify(p)}</li>)}</ul>
            </Card>
          )}
          {manager && <Card title={t('customers.standing')}><Standing c={c} onChange={(lead) => asked.set({lead})} /></Card>}
          <Appointments of={c} />
          <Calls of={c} />
        </div>
      </div>
    </Page>
  );
}
