// The shop's people: who may sign in, and as what. Nobody gives a role above his own.
import {useState} from 'preact/hooks';

import {asApiError, type ApiError, patch, post, remove, useList} from '../api.ts';
import {Badge, Button, Card, Confirm, Dialog, Empty, Failure, More, Page, Select, Switch, Table, TextField, toast} from '../components/index.ts';
import {when} from '../format.ts';
import {type Role, user} from '../session.ts';
import {useStore} from '../store.ts';
import {t, word} from '../texts/index.ts';

interface Member {
  id: string;
  email: string;
  name: string | null;
  role: Role;
  active: boolean;
  last_login_at: string | null;
}

const ROLES: Role[] = ['admin', 'manager', 'staff', 'service_tech'];

function Editor({member, onClose, onDone}: {member: Member | null; onClose: () => void; onDone: () => void}) {
  const [draft, setDraft] = useState({
    name: member?.name ?? '',
    email: member?.email ?? '',
    role: member?.role ?? 'staff' as Role,
    active: member?.active ?? true,
    password: '',
  });
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const set = (changes: Partial<typeof draft>) => setDraft({...draft, ...changes});

  async function save(e: Event) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    const {name, email, role, active, password} = draft;
    try {
      if (member) await patch(`/api/team/${member.id}`, {  // not what another has changed meanwhile
        ...(name !== member.name && {name}),
        ...(role !== member.role && {role}),
        ...(active !== member.active && {active}),
      });
      else await post('/api/team', {name, email, role, password});
      toast(t('team.saved', {name: name || email}));
      onDone();
    } catch (x) {
      setError(asApiError(x));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={member ? t('team.edit', {name: member.name || member.email}) : t('team.add')} onClose={onClose}>
      <form class="form" onSubmit={save}>
        <TextField name={t('team.name')} value={draft.name} required maxLength={100} onInput={(name) => set({name})} />
        {!member && <TextField name={t('login.email')} type="email" required value={draft.email} onInput={(email) => set({email})} />}
        {!member && <TextField name={t('login.password')} type="password" required autoComplete="new-password"
            hint={t('team.password_hint')} value={draft.password} onInput={(password) => set({password})} />}
        <Select name={t('team.role')} hint={t(`team.role_${draft.role}` as 'team.role_staff')} value={draft.role}
            onInput={(role) => set({role: role as Role})} options={ROLES.map((r) => [r, word('role', r)])} />
        {member && <Switch name={t('team.active')} hint={t('team.active_hint')} value={draft.active} onInput={(active) => set({active})} />}
        {error && <Failure error={error} />}
        <footer>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy}>{t('common.save')}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

export default function Team() {
  const me = useStore(user);
  const list = useList<Member>('/api/team', 'team');
  const [edited, setEdited] = useState<Member | null | undefined>();
  const [leaving, setLeaving] = useState<Member>();
  const done = () => {
    setEdited(undefined);
    list.reload();
  };
  return (
    <Page title={t('team.title')} actions={<Button kind="primary" icon="plus" onClick={() => setEdited(null)}>{t('team.add')}</Button>}>
      <Card label={t('team.title')}>
        {list.items.length > 0 && (
          <Table label={t('team.title')} rows={list.items} columns={[
            {name: t('team.name'), class: 'main', cell: (m) => <span class="who"><span><b>{m.name || m.email}</b><small>{m.email}</small></span></span>},
            {name: t('team.role'), cell: (m) => word('role', m.role)},
            {name: t('team.state'), cell: (m) => (m.active ? <Badge tone="good">{t('team.is_active')}</Badge> : <Badge>{t('team.is_inactive')}</Badge>)},
            {name: t('team.last_login'), cell: (m) => (m.last_login_at ? when(m.last_login_at) : t('team.never'))},
            {name: t('common.actions'), cell: (m) => (
              <span class="actions">
                <Button label={t('team.edit', {name: m.name || m.email})} onClick={() => setEdited(m)}>{t('common.edit')}</Button>
                {m.active && m.id !== me?.id &&
                    <Button kind="quiet" label={t('team.remove_who', {name: m.name || m.email})} onClick={() => setLeaving(m)}>{t('team.remove')}</Button>}
              </span>
            )},
          ]} />
        )}
        {!list.loading && !list.error && list.items.length === 0 && <Empty icon="team" title={t('team.none')} />}
        <More list={list} />
      </Card>
      {edited !== undefined && <Editor member={edited} onClose={() => setEdited(undefined)} onDone={done} />}
      {leaving && (
        <Confirm title={t('team.remove_who', {name: leaving.name || leaving.email})} action={t('team.remove')} danger
            onConfirm={async () => {
              await remove(`/api/team/${leaving.id}`);
              list.reload();
            }} onClose={() => setLeaving(undefined)}>{t('team.remove_text')}</Confirm>
      )}
    </Page>
  );
}
