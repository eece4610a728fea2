// The shop at this moment: today's figures, and the calls that are going on.
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError, get} from '../api.ts';
import {type Call, isLive, numberOf, type Talk} from '../calls.ts';
import {Badge, Button, Card, Cards, Empty, Failure, Icon, Page, Stat, Transcript, toast} from '../components/index.ts';
import {duration, fullDay, isoDay, languageName, number, phone, when} from '../format.ts';
import {onEvent, talks} from '../live.ts';
import {askedFor, askFor, possible} from '../notifications.ts';
import {store, useStore} from '../store.ts';
import {t, tn, word} from '../texts/index.ts';
import {CallState} from './calls.tsx';

interface Today {
  calls: number;
  more: boolean;  // there are more calls than were counted
  booked: number;
  seconds: number | null;
  latest: Call[];
}

const PAGES = 5;  // of a hundred calls: what a shop has in a day, many times over

async function readToday(): Promise<Today> {
  const calls: Call[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES && (page === 0 || cursor); page++) {
    const answer = await get('/api/calls', {from: isoDay(), limit: 100, cursor});
    calls.push(...answer.calls);
    cursor = answer.next_cursor ?? undefined;
  }
  const lasted = calls.map((c) => c.duration_seconds).filter((s): s is number => s !== null);
  return {
    calls: calls.length,
    more: Boolean(cursor),
    booked: calls.filter((c) => c.appointment_booked).length,
    seconds: lasted.length ? lasted.reduce((a, b) => a + b, 0) / lasted.length : null,
    latest: calls.filter((c) => !isLive(c)).slice(0, 5),
  };
}

const today = store<{data?: Today; error?: ApiError}>({});

function useToday() {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let gone = false;
    const read = () => readToday().then((data) => gone || today.set({data}),
                                        (e) => gone || today.set({...today.get(), error: asApiError(e)}));
    const stop = onEvent((e) => {
      if (!['call_started', 'call_ended', 'call_completed', 'appointment_changed', 'resync'].includes(e.type)) return;
      clearTimeout(timer);
      timer = setTimeout(read, 1000);
    });
    void read();
    return () => {
      stop();
      clearTimeout(timer);
      gone = true;
      today.set({});  // who comes next may be of another shop
    };
  }, []);
  return useStore(today);
}

function Figures({data}: {data: Today | undefined}) {
  return (
    <div class="stats">
      <Stat icon="phone" name={t('dashboard.calls')}
          value={data ? number(data.calls) + (data.more ? '+' : '') : '–'} />
      <Stat icon="calendar" name={t('dashboard.bookings')} value={data ? number(data.booked) : '–'} />
      <Stat icon="clock" name={t('dashboard.duration')} value={data ? duration(data.seconds) : '–'} />
    </div>
  );
}

// Seconds since a call began, counted on.
export function Clock({since}: {since: string}) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return <span class="clock">{duration((now - Date.parse(since)) / 1000)}</span>;
}

function LiveCall({talk}: {talk: Talk}) {
  const {call, emergency, holder, transfer} = talk;
  const who = call.customer_name || phone(numberOf(call));
  const mood = talk.turns.findLast((turn) => turn.sentiment)?.sentiment ?? call.sentiment;
  const urgent = emergency?.level === 'urgent';
  return (
    <article class={`card live-call ${urgent ? 'urgent' : ''} ${isLive(call) ? '' : 'over'}`} data-call={call.id}>
      <header>
        <div>
          <h3><a href={`/calls/${call.id}`}>{who}</a></h3>
          <p class="note">
            {word('direction', call.direction)}{call.customer_name && ` · ${phone(numberOf(call))}`}
          </p>
        </div>
        {isLive(call) ? <Clock since={call.started_at} /> : <CallState call={call} />}
      </header>
      {urgent && <p class="alarm" role="alert"><Icon name="alert" /><b>{t('call.emergency')}</b> {emergency.message}</p>}
      <p class="badges">
        {call.language && <Badge><Icon name="language" />{languageName(call.language)}</Badge>}
        {mood && <Badge tone={mood === 'negative' ? 'bad' : mood === 'positive' ? 'good' : 'plain'}>{word('sentiment', mood)}</Badge>}
        {holder && <Badge tone="info"><Icon name="team" />{t('live.held', {who: holder.name ?? t('live.somebody')})}</Badge>}
        {transfer && !holder && <Badge tone="warn">{t('live.transfer')}</Badge>}
        {talk.tools.map((tool) => <Badge key={tool}><Icon name="tool" />{word('tool', tool)}</Badge>)}
      </p>
      <Transcript turns={talk.turns} label={t('live.transcript', {who})} />
      <Cards cards={talk.cards} />
      <footer><a class="button" href={`/calls/${call.id}`}>{t(isLive(call) ? 'live.open' : 'live.read')}</a></footer>
    </article>
  );
}

function Notify() {
  const on = useStore(askedFor);
  if (!possible) return null;
  return (
    <Button kind="quiet" icon="bell" onClick={async () => {
      if (!await askFor(!on) && !on) toast(t('notify.refused'), true);
    }}>{t(on ? 'notify.stop' : 'notify.ask')}</Button>
  );
}

export default function Dashboard() {
  const {data, error} = useToday();
  const urgent = (talk: Talk) => Number(talk.emergency?.level === 'urgent' && isLive(talk.call));
  const live = [...useStore(talks).values()].sort((a, b) => urgent(b) - urgent(a) ||
      Number(isLive(b.call)) - Number(isLive(a.call)) || Date.parse(b.call.started_at) - Date.parse(a.call.started_at));
  const n = live.filter((talk) => isLive(talk.call)).length;
  return (
    <Page title={t('dashboard.title')} actions={<Notify />}>
      <p class="lead">{fullDay(Date.now())}</p>
      {error && !data && <Failure error={error} />}
      <Figures data={data} />
      <section aria-labelledby="live-calls">
        <h2 id="live-calls">{t('dashboard.live')} {n > 0 && <Badge tone="live">{tn('dashboard.live_n', n)}</Badge>}</h2>
        {live.length === 0 && (
          <Card><Empty icon="phone" title={t('dashboard.quiet')}>{t('dashboard.quiet_more')}</Empty></Card>
        )}
        <div class="live-calls">{live.map((talk) => <LiveCall key={talk.call.id} talk={talk} />)}</div>
      </section>
      {data && data.latest.length > 0 && (
        <Card title={t('dashboard.latest')} actions={<a href="/calls">{t('dashboard.all_calls')}</a>}>
          <ul class="latest">
            {data.latest.map((call) => (
              <li key={call.id}>
                <a href={`/calls/${call.id}`}>{call.customer_name || phone(numberOf(call))}</a>
                <span class="note">{when(call.started_at)} · {duration(call.duration_seconds)}</span>
                <CallState call={call} />
                {call.summary && <p>{call.summary}</p>}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Page>
  );
}
