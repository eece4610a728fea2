// One call: what was said, what came of it, and, while it goes on, the way into it.
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError, get, post} from '../api.ts';
import {apply, type Call, isLive, numberOf, type Talk, talkOf, type Turn} from '../calls.ts';
import {
  Badge, Card, Cards, Failure, Icon, Loading, Page, Select, toast, toastError, Transcript,
} from '../components/index.ts';
import type {LiveEvent} from '../events.ts';
import {duration, fullDay, languageName, money, number, percent, phone, time} from '../format.ts';
import {after, onEvent} from '../live.ts';
import {may, user} from '../session.ts';
import {useStore} from '../store.ts';
import {t, word} from '../texts/index.ts';
import {CallState} from './calls.tsx';
import {Clock} from './dashboard.tsx';
import {NotFound} from './missing.tsx';
import {Takeover} from './takeover.tsx';
import {Waterfall} from './waterfall.tsx';

const OUTCOMES = ['appointment_booked', 'product_inquiry', 'order_status', 'technical_support', 'complaint',
                  'information_only', 'other'];

// The call as it was read, with all that events have told since.
function useTalk(id: string) {
  const [state, setState] = useState<{talk?: Talk; error?: ApiError; complete?: boolean}>({});
  useEffect(() => {
    let waiting: LiveEvent[] | null = null;
    let gone = false;
    let known = id;  // the address may name the call by another name than events do
    async function read() {
      if (waiting) return;
      waiting = [];
      try {
        const {call, turns, turns_complete: complete} =
            await get<{call: Call; turns: Turn[]; turns_complete: boolean}>(`/api/calls/${encodeURIComponent(id)}`);
        known = call.id;
        const since = waiting.filter((e) => e.callId === known);
        if (!gone) setState((s) => ({talk: since.reduce(apply, after(s.talk, talkOf(call, turns))), complete}));
      } catch (e) {
        if (!gone) setState((s) => ({...s, error: asApiError(e)}));
      } finally {
        waiting = null;
      }
    }
    const stop = onEvent((e) => {
      if (e.type === 'resync' || (e.callId === known && ['call_completed', 'recording_declined'].includes(e.type)))
        return void read();
      if (waiting) waiting.push(e);
      else if (e.callId === known) setState((s) => ({...s, talk: s.talk && apply(s.talk, e)}));
    });
    void read();
    return () => {
      gone = true;
      stop();
    };
  }, [id]);
  return {...state, change: (call: Call) => setState((s) => ({...s, talk: s.talk && {...s.talk, call}}))};
}

function Facts({call}: {call: Call}) {
  const facts: [string, any][] = [
    [t('calls.status'), <CallState call={call} />],
    [t('calls.duration'), isLive(call) ? <Clock since={call.started_at} /> : duration(call.duration_seconds)],
    [t('calls.language'), languageName(call.language)],
    [t('calls.about'), word('call_type', call.call_type)],
    [t('call.resolution'), word('resolution', call.resolution)],
    [t('call.sentiment'), word('sentiment', call.sentiment)],
    [t('call.satisfaction'), call.satisfaction_score && t('call.of_five', {n: number(call.satisfaction_score / 2)})],
    [t('call.lead_score'), call.lead_score != null && number(call.lead_score)],
    [t('call.engine'), word('engine', call.engine)],
    [t('call.reason'), word('call_reason', call.call_reason)],
    [t('call.end_reason'), word('end_reason', call.end_reason)],
    [t('call.transferred_to'), call.transferred_to],
    [t('call.cost'), call.cost_usd != null && money(call.cost_usd)],
  ];
  return (
    <dl class="facts">
      {facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function Outcome({call, onChange}: {call: Call; onChange: (call: Call) => void}) {
  const [busy, setBusy] = useState(false);
  async function set(outcome: string) {
    if (!outcome) return;
    setBusy(true);
    try {
      await post(`/api/calls/${call.id}/outcome`, {outcome});
      onChange({...call, outcome});
      toast(t('call.outcome_kept'));
    } catch (e) {
      toastError(e);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Select name={t('call.outcome')} hint={t('call.outcome_hint')} disabled={busy} value={call.outcome ?? ''}
        onInput={(v) => void set(v)}
        options={[...(call.outcome ? [] : [['', t('call.outcome_none')] as [string, string]]),
                  ...OUTCOMES.map((o): [string, string] => [o, word('outcome', o)])]} />
  );
}

const shown = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function Collected({call}: {call: Call}) {
  const data: any[] = call.collected_data ?? [];
  const verdicts: any[] = call.evaluations ?? [];
  if (data.length === 0 && verdicts.length === 0) return null;
  return (
    <Card title={t('call.collected')}>
      <dl class="facts">
        {data.map((d) => (
          <div key={`${d.data_type} ${d.field_name}`}>
            <dt>{String(d.field_name).replaceAll('_', ' ')}</dt>
            <dd>{shown(d.field_value)} {d.confidence != null && <small>{percent(100 * d.confidence)}</small>}</dd>
          </div>
        ))}
        {verdicts.map((v) => (
          <div key={v.criterion}>
            <dt>{word('criterion', v.criterion)}</dt>
            <dd>
              <Badge tone={v.result === 'success' ? 'good' : v.result === 'failure' ? 'bad' : 'plain'}>
                {word('result', v.result)}
              </Badge>
              {v.rationale && <small>{v.rationale}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Recording({call}: {call: Call}) {
  return (
    <Card title={t('call.recording')}>
      <audio controls preload="none" src={`/api/calls/${call.id}/recording`} aria-label={t('call.recording')} />
      <p class="hint">{t('call.recording_hint')}</p>
    </Card>
  );
}

export default function CallPage({id}: {id: string}) {
  const {talk, error, complete, change} = useTalk(id);
  const who = useStore(user);
  if (error?.status === 404 || error?.status === 400) return <NotFound />;
  if (!talk) return <Page title={t('call.title')}>{error ? <Failure error={error} /> : <Loading />}</Page>;
  const {call} = talk;
  const live = isLive(call);
  const other = call.customer_name || phone(numberOf(call));
  const urgent = talk.emergency?.level === 'urgent';
  return (
    <Page title={t('call.with', {who: other})} back={{href: '/calls', text: t('calls.title')}}>
      <p class="lead">
        {word('direction', call.direction)} · {phone(numberOf(call))} · {fullDay(call.started_at)}, {time(call.started_at)}
        {call.customer_id && <> · <a href={`/customers/${call.customer_id}`}>{t('call.customer')}</a></>}
      </p>
      {urgent && live &&
          <p class="alarm" role="alert"><Icon name="alert" /><b>{t('call.emergency')}</b> {talk.emergency!.message}</p>}
      <div class="columns">
        <div>
          <Card title={t('call.transcript')} actions={live && <Badge tone="live">{t('call.live')}</Badge>}>
            {complete === false && <p class="hint">{t('call.incomplete')}</p>}
            <Transcript turns={talk.turns} label={t('call.transcript')} tall />
            <Cards cards={talk.cards} />
          </Card>
          <Waterfall turns={talk.turns} />
        </div>
        <div>
          {live && <Takeover talk={talk} />}
          <Card title={t('call.facts')}>
            {call.summary && <p class="summary">{call.summary}</p>}
            <Facts call={call} />
            {!live && <Outcome call={call} onChange={change} />}
          </Card>
          {call.has_recording && may(who, 'manager') && <Recording call={call} />}
          <Collected call={call} />
        </div>
      </div>
    </Page>
  );
}
