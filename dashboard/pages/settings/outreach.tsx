// What the shop writes by itself, what it leaves on answering machines, and whether calls are recorded.
import {DraftForm, NumberField, Select, Switch, TextArea} from '../../components/index.ts';
import {languageName} from '../../format.ts';
import {may, user} from '../../session.ts';
import {useStore} from '../../store.ts';
import {t, word} from '../../texts/index.ts';
import {type Campaign, type Part, save} from './parts.ts';

const HOUR = 3600;
const ACTIONS = ['leave_message', 'hang_up', 'ignore'];

function CampaignFields({campaign, delays, set}: {campaign: Campaign; delays: boolean; set: (changes: Partial<Campaign>) => void}) {
  const {conditions} = campaign;
  const condition = (name: string, v: number) => set({conditions: {...conditions, [name]: v}});
  return (
    <div class="row" role="group" aria-label={word('campaign', campaign.name)}>
      <div class="row-fields">
        <Switch name={word('campaign', campaign.name)} hint={word('campaign_hint', campaign.name)} value={campaign.is_active}
            onInput={(is_active) => set({is_active})} />
        {campaign.is_active && (
          <div class="two">
            {delays && <NumberField name={t('campaigns.delay')} min={0} step="any" value={campaign.delay_seconds / HOUR}
                onInput={(v) => set({delay_seconds: Math.round(v * HOUR)})} />}
            {conditions.cart_over !== undefined && <NumberField name={t('campaigns.cart_over')} min={0} step="any" value={Number(conditions.cart_over)}
                onInput={(v) => condition('cart_over', v)} />}
            {conditions.months_since_service !== undefined && <NumberField name={t('campaigns.months')} min={1} max={24}
                value={Number(conditions.months_since_service)} onInput={(v) => condition('months_since_service', v)} />}
          </div>
        )}
      </div>
    </div>
  );
}

export function CampaignsPart({settings, asked}: Part) {
  return (
    <DraftForm value={{campaigns: settings.campaigns}} onSave={(_, {campaigns}) => save(asked, {campaigns: campaigns
        .filter((c, i) => JSON.stringify(c) !== JSON.stringify(settings.campaigns[i]))
        .map(({name, is_active, delay_seconds, conditions}) => ({name, is_active, delay_seconds, conditions}))})}>
      {(d, set) => (
        <fieldset class="rows">
          <legend>{t('campaigns.title')}</legend>
          {d.campaigns.map((c, i) => (
            <CampaignFields key={c.name} campaign={c} delays={settings.campaigns[i]!.delay_seconds > 0} set={(changes) => set({campaigns: d.campaigns.with(i, {...c, ...changes})})} />
          ))}
        </fieldset>
      )}
    </DraftForm>
  );
}

export function VoicemailPart({settings, asked}: Part) {
  return (
    <DraftForm value={settings.voicemail} onSave={({action, message}) => save(asked, {voicemail: {
      ...(action && {action}),
      ...(message && {message: Object.fromEntries(Object.entries(message).filter(([, v]) => v.trim() !== ''))}),
    }})}>
      {(d, set) => (
        <>
          <Select name={t('voicemail.action')} value={d.action} onInput={(action) => set({action})}
              options={ACTIONS.map((a) => [a, word('voicemail', a)])} />
          {d.action === 'leave_message' && settings.shop.languages.map((l) => (
            <TextArea key={l} name={t('voicemail.message', {language: languageName(l)})} rows={2} maxLength={1000} hint={t('voicemail.hint')}
                value={d.message[l] ?? ''} onInput={(v) => set({message: {...d.message, [l]: v}})} />
          ))}
        </>
      )}
    </DraftForm>
  );
}

export function RecordingPart({settings, asked}: Part) {
  const admin = may(useStore(user), 'admin');
  return (
    <DraftForm value={settings.recording} onSave={({enabled}) => save(asked, {recording: {enabled}})}>
      {(d, set) => (
        <Switch name={t('recording.enabled')} hint={t(admin ? 'recording.hint' : 'settings.admins')} disabled={!admin} value={d.enabled}
            onInput={(enabled) => set({enabled})} />
      )}
    </DraftForm>
  );
}
