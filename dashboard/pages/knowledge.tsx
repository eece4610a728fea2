// What the agent knows: documents, texts and web sites (docs/knowledge.md).
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError, post, put, remove, useApi, useList} from '../api.ts';
import {Badge, Button, Card, Confirm, Dialog, Empty, Failure, Loading, More, Page, SearchField, Select, Switch, Table, Tabs, TextArea, TextField, toast, toastError} from '../components/index.ts';
import {languageName, number, when} from '../format.ts';
import {useArgs} from '../router.ts';
import {may, user} from '../session.ts';
import {useStore} from '../store.ts';
import {t, word} from '../texts/index.ts';

interface Document {
  id: string;
  title: string;
  source: string;
  file_name?: string | null;
  url?: string | null;
  site?: string | null;
  status: 'processing' | 'indexed' | 'failed';
  error?: string | null;
  language: string | null;
  is_active: boolean;
  chunks?: number | null;
  pages?: number | null;
  content?: string;
  content_complete?: boolean;
  site_pages?: {url: string; state: string; note: string | null}[];
  created_at: string;
  updated_at?: string | null;
}

const STATUSES = ['processing', 'indexed', 'failed'];
const TONES = {processing: 'info', indexed: 'good', failed: 'bad'} as const;
const LOOK_MS = 2500;  // while something is being read
const KINDS = '.txt,.md,.html,.htm,.pdf,.csv,.xlsx';

function Add({onClose, onDone}: {onClose: () => void; onDone: () => void}) {
  const [kind, setKind] = useState('file');
  const [draft, setDraft] = useState({title: '', content: '', url: '', language: ''});
  const [file, setFile] = useState<File>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const set = (changes: Partial<typeof draft>) => setDraft({...draft, ...changes});

  function body(): unknown {
    const {title, content, url, language} = draft;
    if (kind === 'text') return {title, content, ...(language && {language})};
    if (kind === 'site') return {url, ...(title && {title}), ...(language && {language})};
    const form = new FormData();
    form.append('file', file!);
    if (title) form.append('title', title);
    if (language) form.append('language', language);
    return form;
  }

  async function save(e: Event) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await post('/api/knowledge', body());
      toast(t('knowledge.added'));
      onDone();
    } catch (x) {
      setError(asApiError(x));
    } finally {
      setBusy(false);
    }
  }

  const title = (required: boolean) => (
    <TextField name={t('knowledge.name')} value={draft.title} required={required} maxLength={200} onInput={(v) => set({title: v})} />
  );
  return (
    <Dialog title={t('knowledge.add')} onClose={onClose}>
      <form class="form" onSubmit={save}>
        <Tabs label={t('knowledge.kind')} value={kind} onChange={setKind} tabs={[
          {id: 'file', name: t('knowledge.file'), content: () => (
            <div class="form">
              <div class="field">
                <label for="knowledge-file">{t('knowledge.file')}</label>
                <input id="knowledge-file" type="file" accept={KINDS} required aria-describedby="knowledge-kinds"
                    onChange={(e) => setFile(e.currentTarget.files?.[0])} />
                <p class="hint" id="knowledge-kinds">{t('knowledge.kinds')}</p>
              </div>
              {title(false)}
            </div>
          )},
          {id: 'text', name: t('knowledge.text'), content: () => (
            <div class="form">
              {title(true)}
              <TextArea name={t('knowledge.content')} rows={10} required value={draft.content} onInput={(content) => set({content})} />
            </div>
          )},
          {id: 'site', name: t('knowledge.site'), content: () => (
            <div class="form">
              <TextField name={t('knowledge.url')} type="url" required placeholder="https://" value={draft.url}
                  hint={t('knowledge.url_hint')} onInput={(url) => set({url})} />
              {title(false)}
            </div>
          )},
        ]} />
        <Select name={t('knowledge.language')} value={draft.language} onInput={(language) => set({language})}
            options={[['', t('knowledge.by_itself')], ...['en', 'fr', 'es'].map((l): [string, string] => [l, languageName(l)])]} />
        {error && <Failure error={error} />}
        <footer>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>{t('knowledge.add')}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

function SitePages({pages}: {pages: NonNullable<Document['site_pages']>}) {
  return (
    <details>
      <summary>{t('knowledge.pages', {n: number(pages.length)})}</summary>
      <ul class="bare">
        {pages.map((p) => <li key={p.url}><span class="url">{p.url}</span> <Badge>{word('page', p.state)}</Badge>{p.note && <small>{p.note}</small>}</li>)}
      </ul>
    </details>
  );
}

function Details({id, writes, onClose, onDone}: {id: string; writes: boolean; onClose: () => void; onDone: () => void}) {
  const asked = useApi<{document: Document}>(`/api/knowledge/${id}`);
  const d = asked.data?.document;
  const [text, setText] = useState<string>();
  const [deleting, setDeleting] = useState(false);
  const edits = writes && d && d.source !== 'site' && !d.site && d.content_complete !== false;

  async function change(body: object, told: string) {
    await put(`/api/knowledge/${id}`, body);
    toast(told);
    asked.reload();
    onDone();
  }

  return (
    <Dialog title={d?.title ?? t('knowledge.document')} onClose={onClose}>
      {asked.error && <Failure error={asked.error} retry={asked.reload} />}
      {!d && asked.loading && <Loading />}
      {d && (
        <div class="form">
          <p class="badges">
            <Badge tone={TONES[d.status]}>{word('document', d.status)}</Badge>
            {d.language && <Badge>{languageName(d.language)}</Badge>}
          </p>
          {d.error && <p class="notice bad">{d.error}</p>}
          {d.url && <p class="url">{d.url}</p>}
          {writes && <Switch name={t('knowledge.active')} hint={t('knowledge.active_hint')} value={d.is_active}
              onInput={(is_active) => void change({is_active}, t('common.saved')).catch(toastError)} />}
          {d.site_pages && <SitePages pages={d.site_pages} />}
          {d.source !== 'site' && (edits
              ? <TextArea name={t('knowledge.content')} rows={12} value={text ?? d.content ?? ''} onInput={setText} />
              : <pre class="document" tabIndex={0} aria-label={t('knowledge.content')}>{d.content}</pre>)}
          <footer>
            {writes && !d.site && <Button kind="danger" onClick={() => setDeleting(true)}>{t('common.delete')}</Button>}
            {writes && d.source === 'site' && <Button onClick={async () => {
              await post(`/api/knowledge/${id}/refresh`);
              toast(t('knowledge.reading'));
              onDone();
            }}>{t('knowledge.refresh')}</Button>}
            {edits && text !== undefined && text !== d.content && <Button kind="primary"
                onClick={() => change({title: d.title, content: text}, t('knowledge.reading'))}>{t('common.save')}</Button>}
          </footer>
        </div>
      )}
      {deleting && d && (
        <Confirm title={t('knowledge.delete', {title: d.title})} action={t('common.delete')} danger onConfirm={async () => {
          await remove(`/api/knowledge/${id}`);
          onDone();
          onClose();
        }} onClose={() => setDeleting(false)}>{t('knowledge.delete_text')}</Confirm>
      )}
    </Dialog>
  );
}

export default function Knowledge() {
  const writes = may(useStore(user), 'manager');
  const [args, setArgs] = useArgs();
  const query = {q: args.get('q') ?? '', status: args.get('status') ?? ''};
  const list = useList<Document>('/api/knowledge', 'documents', query);
  const [adding, setAdding] = useState(false);
  const [shown, setShown] = useState<string>();
  const busy = list.items.some((d) => d.status === 'processing');
  useEffect(() => {
    if (!busy || list.loading) return;
    const timer = setTimeout(list.reload, LOOK_MS);
    return () => clearTimeout(timer);
  }, [busy, list.loading, list.items]);
  return (
    <Page title={t('knowledge.title')}
        actions={writes && <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>{t('knowledge.add')}</Button>}>
      <Card label={t('knowledge.title')}>
        <div class="filters">
          <SearchField name={t('knowledge.search')} value={query.q} onSearch={(q) => setArgs({q})} />
          <Select name={t('knowledge.state')} value={query.status} onInput={(status) => setArgs({status})}
              options={[['', t('common.all')], ...STATUSES.map((s): [string, string] => [s, word('document', s)])]} />
        </div>
        {list.items.length > 0 && (
          <Table label={t('knowledge.title')} rows={list.items} columns={[
            {name: t('knowledge.name'), class: 'main', cell: (d) => (
              <button type="button" class="link" onClick={() => setShown(d.id)}>{d.title}</button>
            )},
            {name: t('knowledge.kind'), cell: (d) => word('source', d.source)},
            {name: t('knowledge.language'), cell: (d) => languageName(d.language) || '–'},
            {name: t('knowledge.since'), cell: (d) => when(d.created_at)},
            {name: t('knowledge.state'), cell: (d) => (
              <span class="badges">
                <Badge tone={TONES[d.status]}>{word('document', d.status)}</Badge>
                {!d.is_active && <Badge>{t('knowledge.off')}</Badge>}
              </span>
            )},
          ]} />
        )}
        {!list.loading && !list.error && list.items.length === 0 && (
          <Empty icon="book" title={t(query.q || query.status ? 'knowledge.none_found' : 'knowledge.none')}>
            {!query.q && !query.status && t('knowledge.none_text')}
          </Empty>
        )}
        {!(busy && list.loading && list.items.length > 0) && <More list={list} />}
      </Card>
      {adding && <Add onClose={() => setAdding(false)} onDone={() => {
        setAdding(false);
        list.reload();
      }} />}
      {shown && <Details id={shown} writes={writes} onClose={() => setShown(undefined)} onDone={list.reload} />}
    </Page>
  );
}
