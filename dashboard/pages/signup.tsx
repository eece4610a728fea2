// A shop signs up: its owner, its number and its agent (docs/signup.md).
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError} from '../api.ts';
import {Button, Failure, Select, Switch, TextField, toast} from '../components/index.ts';
import {Looks} from '../frame.tsx';
import {readAnswer, send} from '../http.ts';
import {go} from '../router.ts';
import {keep, user} from '../session.ts';
import {locale, t} from '../texts/index.ts';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONDAY = Date.UTC(2024, 0, 1);

const dayName = (i: number) =>
    new Intl.DateTimeFormat(locale(), {weekday: 'short', timeZone: 'UTC'}).format(MONDAY + i * 86_400_000);

const EMPTY = {
  firstName: '', lastName: '', email: '', password: '', businessName: '', businessType: 'general', businessPhone: '',
  ownerPhone: '', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, businessHoursOpen: '09:00',
  businessHoursClose: '17:00', businessDays: DAYS.slice(0, 5), termsAccepted: false,
};

export default function Signup() {
  const [draft, setDraft] = useState(EMPTY);
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (user.get()) go('/', {replace: true});  // who is somebody already signs out first
  }, []);
  const set = (changes: Partial<typeof EMPTY>) => setDraft({...draft, ...changes});
  const text = (name: 'firstName' | 'lastName' | 'email' | 'password' | 'businessName' | 'businessPhone' | 'ownerPhone' |
      'timezone' | 'businessHoursOpen' | 'businessHoursClose') => ({
    name: t(`signup.${name}`),
    required: true,
    value: draft[name],
    onInput: (v: string) => set({[name]: v}),
  });

  async function register(e: Event) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const res = await send('POST', '/api/auth/register', {body: draft});
      const answer = await readAnswer<any>(res);
      if (res.status === 202) {
        toast(t('signup.later'));
        return go('/');
      }
      keep(answer);
      toast(t(answer.provisioning.error ? 'signup.without_agent' : 'signup.done', {number: answer.organization.phone_number ?? ''}),
            Boolean(answer.provisioning.error));
      go('/dashboard');
    } catch (x) {
      setError(asApiError(x));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main id="main" class="login signup">
      <form class="card" onSubmit={register}>
        <h1>{t('signup.title')}</h1>
        <p class="lead">{t('signup.lead')}</p>
        <div class="two">
          <TextField {...text('businessName')} maxLength={200} />
          <Select name={t('signup.businessType')} value={draft.businessType} onInput={(businessType) => set({businessType})}
              options={(['general', 'bike_shop', 'plumbing', 'hvac', 'law_office'] as const).map((k) => [k, t(`signup.kind_${k}`)])} />
          <TextField {...text('businessPhone')} type="tel" hint={t('signup.businessPhone_hint')} />
          <TextField {...text('ownerPhone')} type="tel" hint={t('signup.ownerPhone_hint')} />
          <TextField {...text('timezone')} />
        </div>
        <fieldset class="rows">
          <legend>{t('signup.open')}</legend>
          <div class="actions">
            {DAYS.map((d, i) => (
              <Switch key={d} name={dayName(i)} value={draft.businessDays.includes(d)}
                  onInput={(on) => set({businessDays: on ? DAYS.filter((x) => x === d || draft.businessDays.includes(x)) : draft.businessDays.filter((x) => x !== d)})} />
            ))}
          </div>
          <div class="two">
            <TextField {...text('businessHoursOpen')} type="time" />
            <TextField {...text('businessHoursClose')} type="time" />
          </div>
        </fieldset>
        <div class="two">
          <TextField {...text('firstName')} autoComplete="given-name" />
          <TextField {...text('lastName')} autoComplete="family-name" />
          <TextField {...text('email')} type="email" autoComplete="email" />
          <TextField {...text('password')} type="password" autoComplete="new-password" hint={t('team.password_hint')} />
        </div>
        <Switch name={t('signup.terms')} value={draft.termsAccepted} onInput={(termsAccepted) => set({termsAccepted})} />
        {error && <Failure error={error} />}
        <Button kind="primary" type="submit" busy={busy} disabled={!draft.termsAccepted}>{t('signup.submit')}</Button>
        <p class="hint">{t('signup.known')} <a href="/">{t('login.submit')}</a></p>
      </form>
      <Looks />
    </main>
  );
}
