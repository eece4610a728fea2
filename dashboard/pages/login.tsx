// Signing in, at whatever address: the page that it names follows.
import {useEffect, useRef, useState} from 'preact/hooks';

import {asApiError} from '../api.ts';
import {Button, TextField} from '../components/index.ts';
import {Looks} from '../frame.tsx';
import {signIn} from '../session.ts';
import {explain, t} from '../texts/index.ts';

export function Login() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    document.title = t('login.title');
    form.current!.querySelector('input')!.focus();
  }, []);

  async function submit(e: Event) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError('');
    try {
      await signIn(email.trim(), password);
    } catch (failed) {
      setError(explain(asApiError(failed)));
      setPassword('');
      setBusy(false);
      form.current?.querySelector<HTMLInputElement>('[type=password]')?.focus();
    }
  }

  return (
    <main class="login">
      <form ref={form} class="card" onSubmit={submit}>
        <span class="mark" aria-hidden="true">va</span>
        <h1>{t('login.title')}</h1>
        <p class="lead">{t('login.lead')}</p>
        {error && <p class="failure" role="alert">{error}</p>}
        <TextField name={t('login.email')} type="email" autoComplete="username" required value={email} onInput={setEmail} />
        <TextField name={t('login.password')} type="password" autoComplete="current-password" required
            value={password} onInput={setPassword} />
        <Button kind="primary" type="submit" busy={busy}>{t('login.submit')}</Button>
      </form>
      <Looks />
    </main>
  );
}
