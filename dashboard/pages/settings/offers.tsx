// What the agent tells of by itself: promotions with their days, and the shop's rules by subject.
import {DraftForm, RowsEditor, TextArea, TextField} from '../../components/index.ts';
import {t} from '../../texts/index.ts';
import {type Part, save, type Shop} from './parts.ts';

interface Draft {
  promotions: Shop['promotions'];
  policies: {subject: string; text: string}[];
}

export function OffersPart({settings: {shop}, asked}: Part) {
  const value: Draft = {
    promotions: shop.promotions ?? [],
    policies: Object.entries(shop.policies ?? {}).map(([subject, text]) => ({subject, text})),
  };
  return (
    <DraftForm value={value} onSave={(d) => save(asked, {shop: {
      ...(d.promotions && {promotions: d.promotions.map(({text, starts, ends}) => ({text, ...(starts && {starts}), ...(ends && {ends})}))}),
      ...(d.policies && {policies: Object.fromEntries(d.policies.map((p) => [p.subject.trim(), p.text]))}),
    }})}>
      {(d, set) => (
        <>
          <RowsEditor label={t('offers.promotions')} rows={d.promotions} most={20} add={t('offers.add_promotion')}
              fresh={(): Shop['promotions'][number] => ({text: ''})} onChange={(promotions) => set({promotions})}>
            {(row, change) => (
              <>
                <TextField name={t('offers.text')} required maxLength={300} value={row.text} onInput={(text) => change({text})} />
                <div class="two">
                  <TextField name={t('offers.starts')} type="date" value={row.starts ?? ''} onInput={(starts) => change({starts})} />
                  <TextField name={t('offers.ends')} type="date" value={row.ends ?? ''} onInput={(ends) => change({ends})} />
                </div>
              </>
            )}
          </RowsEditor>
          <RowsEditor label={t('offers.policies')} rows={d.policies} most={20} add={t('offers.add_policy')}
              fresh={() => ({subject: '', text: ''})} onChange={(policies) => set({policies})}>
            {(row, change) => (
              <>
                <TextField name={t('offers.subject')} required value={row.subject} onInput={(subject) => change({subject})} />
                <TextArea name={t('offers.rule')} rows={2} required maxLength={1000} value={row.text} onInput={(text) => change({text})} />
              </>
            )}
          </RowsEditor>
        </>
      )}
    </DraftForm>
  );
}
