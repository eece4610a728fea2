// Who and where the shop is.
import {DraftForm, TextArea, TextField} from '../../components/index.ts';
import {t} from '../../texts/index.ts';
import {orNull, type Part, save, type Shop} from './parts.ts';

const ADDRESS = ['street', 'city', 'region', 'postal_code', 'country'] as const;
const TELEPHONES = ['phone', 'owner_phone', 'notification_phone'] as const;
const TEXTS = ['directions', 'description', 'services_description'] as const;

type Draft = Pick<Shop, 'name' | 'timezone' | 'email' | 'notification_email' | 'website_url' | typeof TELEPHONES[number] |
    typeof TEXTS[number]> & {address: Record<string, string>};

export function ShopPart({settings: {shop}, asked}: Part) {
  const value: Draft = {
    name: shop.name,
    timezone: shop.timezone,
    email: shop.email,
    notification_email: shop.notification_email,
    website_url: shop.website_url,
    phone: shop.phone,
    owner_phone: shop.owner_phone,
    notification_phone: shop.notification_phone,
    directions: shop.directions,
    description: shop.description,
    services_description: shop.services_description,
    address: shop.address ?? {},
  };
  return (
    <DraftForm value={value} onSave={({address, ...facts}) => {
      const texts = Object.entries(facts).map(([name, v]) => [name, typeof v === 'string' ? orNull(v) : v]);
      const told = Object.entries(address ?? {}).filter(([, v]) => v.trim() !== '');
      return save(asked, {shop: {
        ...Object.fromEntries(texts),
        ...(address && {address: told.length ? Object.fromEntries(told) : null}),
      }});
    }}>
      {(d, set) => (
        <>
          <div class="two">
            <TextField name={t('shop.name')} required maxLength={200} value={d.name} onInput={(name) => set({name})} />
            <TextField name={t('shop.timezone')} required hint={t('shop.timezone_hint')} value={d.timezone} onInput={(timezone) => set({timezone})} />
            {TELEPHONES.map((p) => (
              <TextField key={p} name={t(`shop.${p}`)} type="tel" placeholder="+14165550100" hint={t(`shop.${p}_hint`)}
                  value={d[p] ?? ''} onInput={(v) => set({[p]: v})} />
            ))}
            <TextField name={t('shop.email')} type="email" value={d.email ?? ''} onInput={(email) => set({email})} />
            <TextField name={t('shop.notification_email')} type="email" hint={t('shop.notification_email_hint')}
                value={d.notification_email ?? ''} onInput={(v) => set({notification_email: v})} />
            <TextField name={t('shop.website_url')} type="url" value={d.website_url ?? ''} onInput={(v) => set({website_url: v})} />
          </div>
          <fieldset class="rows">
            <legend>{t('shop.address')}</legend>
            <div class="two">
              {ADDRESS.map((a) => (
                <TextField key={a} name={t(`shop.${a}`)} value={d.address[a] ?? ''} onInput={(v) => set({address: {...d.address, [a]: v}})} />
              ))}
            </div>
          </fieldset>
          {TEXTS.map((x) => (
            <TextArea key={x} name={t(`shop.${x}`)} hint={t('shop.said')} rows={3} value={d[x] ?? ''} onInput={(v) => set({[x]: v})} />
          ))}
        </>
      )}
    </DraftForm>
  );
}
