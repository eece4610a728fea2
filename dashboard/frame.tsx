// Around every page: where one can go, who one is, and how things look.
import type {ComponentChildren} from 'preact';
import {useEffect, useState} from 'preact/hooks';

import {isLive} from './calls.ts';
import {Button, Icon, toastError} from './components/index.ts';
import {connection, talks} from './live.ts';
import {ROUTES} from './routes.ts';
import {may, signOut, type User} from './session.ts';
import {useStore} from './store.ts';
import {choose as chooseLanguage, language, LANGUAGES, type Language, t, word} from './texts/index.ts';
import {choose as chooseTheme, theme, type Theme} from './theme.ts';

const NEXT: Record<Theme, Theme> = {auto: 'light', light: 'dark', dark: 'auto'};
const THEME_ICON = {auto: 'auto', light: 'sun', dark: 'moon'} as const;

export function Looks() {
  const now = useStore(theme);
  const l = useStore(language);
  return (
    <div class="looks">
      <button type="button" class="button quiet" onClick={() => chooseTheme(NEXT[now])}
          aria-label={t('looks.theme', {theme: word('theme', now)})} title={t('looks.theme', {theme: word('theme', now)})}>
        <Icon name={THEME_ICON[now]} />
      </button>
      <select aria-label={t('looks.language')} value={l} onChange={(e) => chooseLanguage(e.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => <option key={code} value={code}>{name}</option>)}
      </select>
    </div>
  );
}

// Whether what is shown is of this moment.
function Line() {
  const now = useStore(connection);
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    const timer = now === 'live' ? undefined : setTimeout(() => setSlow(true), 2000);
    return () => clearTimeout(timer);
  }, [now]);
  const broken = now !== 'live' && slow;
  return (
    <p class={`line ${broken ? 'broken' : now === 'live' ? 'live' : ''}`} role="status" data-connection={now}>
      <span class="dot" />{broken ? t('line.broken') : now === 'live' ? t('line.live') : t('line.connecting')}
    </p>
  );
}

function Navigation({who, path, onGo}: {who: User; path: string; onGo: () => void}) {
  const live = [...useStore(talks).values()].filter((talk) => isLive(talk.call)).length;
  return (
    <nav aria-label={t('nav.label')}>
      <ul>
        {ROUTES.filter((r) => r.icon && may(who, r.role!)).map((r) => (
          <li key={r.path}>
            <a href={r.path} onClick={onGo}
                aria-current={path === r.path || path.startsWith(`${r.path}/`) ? 'page' : undefined}>
              <Icon name={r.icon!} />{t(r.title)}
              {r.path === '/dashboard' && live > 0 &&
                  <span class="count" aria-label={t('nav.live', {n: live})}>{live}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

export function Frame({who, path, children}: {who: User; path: string; children: ComponentChildren}) {
  const [open, setOpen] = useState(false);
  const name = [who.first_name, who.last_name].filter(Boolean).join(' ') || who.email;
  useEffect(() => {
    if (!open) return;
    const close = (e: KeyboardEvent) => e.key === 'Escape' && setOpen(false);
    addEventListener('keydown', close);
    return () => removeEventListener('keydown', close);
  }, [open]);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={(e) => {
        e.preventDefault();
        document.getElementById('main')!.focus();
      }}>{t('nav.skip')}</a>
      <header class="top">
        <button type="button" class="button quiet" aria-label={t('nav.menu')} aria-expanded={open} aria-controls="side"
            onClick={() => setOpen(!open)}>
          <Icon name={open ? 'close' : 'menu'} />
        </button>
        <span class="shop">{who.organization_name}</span>
      </header>
      <aside id="side" class={open ? 'side open' : 'side'}>
        <p class="shop"><span class="mark" aria-hidden="true">{who.organization_name.slice(0, 1)}</span>{who.organization_name}</p>
        <Navigation who={who} path={path} onGo={() => setOpen(false)} />
        <div class="foot">
          {may(who, 'staff') && <Line />}
          <Looks />
          <div class="me">
            <p><b>{name}</b><br />{word('role', who.role)}</p>
            <Button kind="quiet" icon="leave" label={t('nav.sign_out')} onClick={() => signOut().catch(toastError)}>{''}</Button>
          </div>
        </div>
      </aside>
      {open && <div class="veil" onClick={() => setOpen(false)} />}
      <main id="main" tabIndex={-1}>{children}</main>
    </div>
  );
}
