// The frame of a page, and what stands in it.
import type {ComponentChildren} from 'preact';
import {useEffect} from 'preact/hooks';

import type {ApiError} from '../api.ts';
import {user} from '../session.ts';
import {explain, t} from '../texts/index.ts';
import {Button} from './button.tsx';
import {Icon, type IconName} from './icon.tsx';

export function Page({title, actions, back, children}: {
  title: string;
  actions?: ComponentChildren;
  back?: {href: string; text: string};
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · ${user.get()?.organization_name ?? 'voiceagent'}`;
  }, [title]);
  return (
    <>
      <header class="page-head">
        <div>
          {back && <a class="back" href={back.href}><Icon name="back" />{back.text}</a>}
          <h1 tabIndex={-1}>{title}</h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Card({title, actions, children, class: more = '', label}: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
  label?: string;
}) {
  return (
    <section class={`card ${more}`} aria-label={label}>
      {(title || actions) && (
        <header>
          <h2>{title}</h2>
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export function Stat({name, value, note, icon}: {name: string; value: ComponentChildren; note?: string; icon: IconName}) {
  return (
    <div class="stat">
      <span class="stat-icon"><Icon name={icon} /></span>
      <dl>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </dl>
      {note && <p class="note">{note}</p>}
    </div>
  );
}

export type Tone = 'good' | 'bad' | 'warn' | 'info' | 'plain' | 'live';

export const Badge = ({tone = 'plain', children}: {tone?: Tone; children: ComponentChildren}) =>
    <span class={`badge ${tone}`}>{children}</span>;

export const Loading = () => <p class="loading" role="status"><span class="spinner" />{t('common.loading')}</p>;

export function Failure({error, retry}: {error: ApiError; retry?: () => void}) {
  return (
    <div class="failure" role="alert">
      <Icon name="alert" />
      <p>{explain(error)}</p>
      {retry && <Button onClick={retry}>{t('common.retry')}</Button>}
    </div>
  );
}

export function Empty({icon, title, children}: {icon: IconName; title: string; children?: ComponentChildren}) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      {children && <p>{children}</p>}
    </div>
  );
}
