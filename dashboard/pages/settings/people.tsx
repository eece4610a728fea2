// Whom a caller is put through to.
import {DraftForm, RowsEditor, TextField} from '../../components/index.ts';
import {t} from '../../texts/index.ts';
import {type Part, save, type Shop} from './parts.ts';

interface Draft {
  transfer_destinations: Shop['transfer_destinations'];
}

const words = (text: string) => text.split(',').map((w) => w.trim()).filter(Boolean);

export function PeoplePart({settings: {shop}, asked}: Part) {
  return (
    <DraftForm<Draft> value={{transfer_destinations: shop.transfer_destinations ?? []}} onSave={(d) => save(asked, {shop: d})}>
      {(d, set) => (
        <>
          <p class="hint">{t('people.hint')}</p>
          <RowsEditor label={t('people.destinations')} rows={d.transfer_destinations} most={20} add={t('people.add')}
              fresh={(): Shop['transfer_destinations'][number] => ({name: '', number: ''})} onChange={(transfer_destinations) => set({transfer_destinations})}>
            {(row, change) => (
              <div class="two">
                <TextField name={t('people.name')} required hint={t('people.name_hint')} value={row.name} onInput={(name) => change({name})} />
                <TextField name={t('people.number')} type="tel" required placeholder="+14165550100" value={row.number} onInput={(number) => change({number})} />
                <TextField name={t('people.description')} value={row.description ?? ''} onInput={(v) => change({description: v || undefined})} />
                <TextField name={t('people.rules')} hint={t('people.rules_hint')} value={(row.rules ?? []).join(', ')}
                    onInput={(v) => change({rules: v.trim() ? words(v) : undefined})} />
              </div>
            )}
          </RowsEditor>
        </>
      )}
    </DraftForm>
  );
}
