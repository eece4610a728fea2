/*
 * Taking a call from the agent (docs/telephony.md, "People in the call"). What is shown as so was
 * told by the server, in an answer or in an event; what was asked for is shown as asked for.
 */
import {useEffect, useRef, useState} from 'preact/hooks';

import {ApiError, asApiError, post, useApi} from '../api.ts';
import {numberOf, type Talk} from '../calls.ts';
import {Badge, Button, Card, Icon, TextArea, TextField} from '../components/index.ts';
import {phone, when} from '../format.ts';
import {user} from '../session.ts';
import {useStore} from '../store.ts';
import {explain, t, word} from '../texts/index.ts';

type Asked = 'text' | 'phone' | 'resume' | null;

// Who is on the line, for somebody who comes into the middle of a talk.
function Customer({talk}: {talk: Talk}) {
  const {call, transfer, turns} = talk;
  const {data} = useApi<any>(call.customer_id && `/api/customers/${call.customer_id}`);
  const customer = data?.lead ?? data?.customer;
  const reason = transfer?.reason ?? call.transfer_reason;
  const summary = call.summary ?? customer?.conversation_summary;
  const facts: [string, any][] = [
    [t('takeover.name'), call.customer_name || t('takeover.unknown')],
    [t('takeover.phone'), phone(numberOf(call))],
    [t('takeover.tier'), customer?.tier && word('tier', customer.tier)],
    [t('takeover.last_contact'), customer?.last_contact_at && when(customer.last_contact_at)],
    [t('takeover.reason'), word('call_type', call.call_type) || word('call_reason', call.call_reason)],
    [t('takeover.transfer_reason'), reason],
  ];
  return (
    <>
      <dl class="facts">
        {facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {summary && <p class="summary">{summary}</p>}
      {turns.length > 0 && (
        <ul class="last-turns" aria-label={t('takeover.last_turns')}>
          {turns.slice(-3).map((turn, i) => (
            <li key={turn.id ?? i}><b>{word('speaker', turn.speaker)}:</b> {turn.content}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function State({talk, mine, asked}: {talk: Talk; mine: boolean; asked: Asked}) {
  const {holder} = talk;
  const who = holder?.name ?? t('live.somebody');
  const text = asked === 'resume' ? t('takeover.giving_back')
      : asked ? t('takeover.joining')
      : !holder ? t('takeover.agent')
      : mine ? t(holder.by === 'phone' ? 'takeover.mine_phone' : 'takeover.mine')
      : t('takeover.other', {who});
  const tone = asked ? 'warn' : holder ? 'info' : 'plain';
  return (
    <p role="status" data-takeover={asked ? 'asked' : holder ? (mine ? 'mine' : 'other') : 'agent'}>
      <Badge tone={tone}>{asked ? <span class="spinner" /> : <Icon name={holder ? 'team' : 'voice'} />}{text}</Badge>
    </p>
  );
}

function Write({call}: {call: string}) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const last = useRef({text: '', id: ''});  // the same message again is the same, however often it is sent
  async function send(e: Event) {
    e.preventDefault();
    const message = text.trim();
    if (busy || !message) return;
    if (last.current.text !== message) last.current = {text: message, id: crypto.randomUUID()};
    setBusy(true);
    setError('');
    try {
      await post(`/api/takeover/${call}/message`, {message, id: last.current.id});
      last.current = {text: '', id: ''};
      setText((now) => (now.trim() === message ? '' : now));
    } catch (failed) {
      setError(explain(asApiError(failed)));
    } finally {
      setBusy(false);
    }
  }
  return (
    <form class="write" onSubmit={send} onKeyDown={(e) => {
      if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && (e.target as Element).tagName === 'TEXTAREA') void send(e);
    }}>
      <TextArea name={t('takeover.message')} hint={t('takeover.message_hint')} error={error} rows={3} maxLength={1500}
          value={text} onInput={setText} />
      <Button kind="primary" type="submit" busy={busy} disabled={!text.trim()}>{t('takeover.send')}</Button>
    </form>
  );
}

export function Takeover({talk}: {talk: Talk}) {
  const who = useStore(user)!;
  const [asked, setAsked] = useState<Asked>(null);
  const [error, setError] = useState('');
  const [ringing, setRinging] = useState(false);
  const [number, setNumber] = useState('');
  const {call, holder} = talk;
  const mine = holder?.id === who.id;
  useEffect(() => setError(''), [holder?.id]);

  async function ask(what: Exclude<Asked, null>) {
    setAsked(what);
    setError('');
    try {
      if (what === 'resume') await post(`/api/takeover/${call.id}/resume`, {});
      else await post(`/api/takeover/${call.id}/join`, {mode: what, ...(what === 'phone' && number && {phone: number})});
      setRinging(false);
      await told(what);
    } catch (e) {
      setError(e instanceof ApiError ? explain(e) : String(e));
    } finally {
      setAsked(null);
    }
  }

  // The event that says so comes right behind the answer: until then it stays asked for.
  const now = useRef(holder);
  now.current = holder;
  async function told(what: Exclude<Asked, null>) {
    for (let i = 0; i < 50 && Boolean(now.current) === (what === 'resume'); i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }

  return (
    <Card title={t('takeover.title')} class="takeover">
      <State talk={talk} mine={mine} asked={asked} />
      <Customer talk={talk} />
      {error && <p class="failure" role="alert">{error}</p>}
      {mine && holder?.by !== 'phone' && <Write call={call.id} />}
      {!holder && (
        <div class="actions">
          <Button kind="primary" icon="message" disabled={asked !== null} onClick={() => ask('text')}>{t('takeover.join_text')}</Button>
          <Button icon="phone" disabled={asked !== null} onClick={() => setRinging(!ringing)}>{t('takeover.join_phone')}</Button>
        </div>
      )}
      {!holder && ringing && (
        <form class="ring" onSubmit={(e) => {
          e.preventDefault();
          void ask('phone');
        }}>
          <TextField name={t('takeover.number')} hint={t('takeover.number_hint')} type="tel" autoComplete="tel"
              value={number} onInput={setNumber} />
          <Button kind="primary" type="submit" disabled={asked !== null}>{t('takeover.ring')}</Button>
        </form>
      )}
      {holder && !holder.through && (
        <div class="actions">
          <Button icon="voice" disabled={asked !== null} onClick={() => ask('resume')}>{t('takeover.resume')}</Button>
        </div>
      )}
    </Card>
  );
}
