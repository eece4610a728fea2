// Whom a caller is put through to.
import {DraftForm, RowsEditor, TextField} from '../../components/index.ts';
import {t} from '../../texts/index.ts';
import {type Part, save} from './parts.ts';

// As it is written: words with commas between them.
interface Draft {
  destinations: {name: string; number: string; description: string; rules: string}[];
}

const words = (text: string) => text.split(',').map((w) => w.trim()).filter(Boolean);

export function PeoplePart({settings: {shop}, asked}: Part) {
  const value: Draft = {destinations: (shop.transfer_destinations ?? []).map((d) => ({
    name: d.name,
    number: d.number,
    description: d.description ?? '',
    rules: (d.rules ?? []).join(', '),
  }))};
  return (
    <DraftForm value={value} onSave={(_, {destinations}) => save(asked, {shop: {
      transfer_destinations: destinations.map(({name, number, description, rules}) => ({
        name,
        number,
        ...(description.trim() && {description}),
        ...(words(rules).length > 0 && {rules: words(rules)}),
      })),
    }})}>
      {(d, set) => (
        <>
          <p class="hint">{t('people.hint')}</p>
          <RowsEditor label={t('people.destinations')} rows={d.destinations} most={20} add={t('people.add')}
              fresh={() => ({name: '', number: '', description: '', rules: ''})} onChange={(destinations) => set({destinations})}>
            {(row, change) => (
              <div class="two">
                <TextField name={t('people.name')} required hint={t('people.name_hint')} value={row.name} onInput={(name) => change({name})} />
                <TextField name={t('people.number')} type="tel" required placeholder="+14165550100" value={row.number} onInput={(number) => change({number})} />
                <TextField name={t('people.description')} value={row.description} onInput={(description) => change({description})} />
                <TextField name={t('people.rules')} hint={t('people.rules_hint')} value={row.rules}
                    onInput={(rules) => change({rules})} />
              </div>
            )}
          </RowsEditor>
        </>
      )}
    </DraftForm>
  );
}
