// How calls sound, and which engine has them: with the plan PRO (docs/settings.md, "Its voice").
import {post, useApi} from '../api.ts';
import {Button, Card, DraftForm, Failure, Loading, NumberField, Page, RowsEditor, Select, TextArea, TextField} from '../components/index.ts';
import {languageName} from '../format.ts';
import {go} from '../router.ts';
import {t, word} from '../texts/index.ts';
import {orNull} from './settings/parts.ts';

interface Voice {
  voice_greeting_message: Record<string, string>;
  voice_end_call_message: Record<string, string>;
  transfer_message: Record<string, string>;
  twilio_voice: string;
  twilio_language: string;
  realtime_voice: string;
  voices: Record<string, string>;
  engines: string[];
  speech: string | null;
  vad_threshold: number;
  prefix_padding_ms: number;
  silence_ms: number;
}

const MESSAGES = ['voice_greeting_message', 'voice_end_call_message', 'transfer_message'] as const;
const ENGINES = ['receptionist', 'realtime', 'pipeline', 'elevenlabs', 'livekit', 'gather'];
const SPEECH = ['deepgram', 'elevenlabs', 'openai'];
const LANGUAGES = ['en', 'fr', 'es'];

const filled = (texts: Record<string, string>) =>
    Object.fromEntries(Object.entries(texts).filter(([, v]) => v.trim() !== ''));

interface Draft extends Omit<Voice, 'engines'> {
  engines: {engine: string}[];
}

function Fields({d, set}: {d: Draft; set: (changes: Partial<Draft>) => void}) {
  return (
    <>
      <RowsEditor label={t('voice.engines')} rows={d.engines} most={ENGINES.length} add={t('voice.add_engine')}
          fresh={() => ({engine: ENGINES.find((e) => !d.engines.some((x) => x.engine === e)) ?? 'receptionist'})}
          onChange={(engines) => set({engines})}>
        {(row, change, i) => (
          <Select name={t('voice.engine_n', {n: i + 1})} hint={word('engine_hint', row.engine)} value={row.engine}
              onInput={(engine) => change({engine})} options={ENGINES.map((e) => [e, word('voice_engine', e)])} />
        )}
      </RowsEditor>
      <fieldset class="rows">
        <legend>{t('voice.turns')}</legend>
        <div class="two">
          <NumberField name={t('voice.silence_ms')} min={100} max={5000} hint={t('voice.silence_hint')} value={d.silence_ms}
              onInput={(silence_ms) => set({silence_ms})} />
          <NumberField name={t('voice.vad_threshold')} min={0} max={1} step="any" hint={t('voice.vad_hint')} value={d.vad_threshold}
              onInput={(vad_threshold) => set({vad_threshold})} />
          <NumberField name={t('voice.prefix_padding_ms')} min={0} max={5000} value={d.prefix_padding_ms}
              onInput={(prefix_padding_ms) => set({prefix_padding_ms})} />
        </div>
      </fieldset>
      <fieldset class="rows">
        <legend>{t('voice.voices')}</legend>
        <div class="two">
          <TextField name={t('voice.realtime_voice')} value={d.realtime_voice} onInput={(realtime_voice) => set({realtime_voice})} />
          <TextField name={t('voice.twilio_voice')} value={d.twilio_voice} onInput={(twilio_voice) => set({twilio_voice})} />
          <TextField name={t('voice.twilio_language')} value={d.twilio_language} onInput={(twilio_language) => set({twilio_language})} />
          <Select name={t('voice.speech')} value={d.speech ?? ''} onInput={(v) => set({speech: orNull(v), voices: {}})}
              options={[['', t('voice.configured')], ...SPEECH.map((s): [string, string] => [s, word('speech', s)])]} />
          {LANGUAGES.map((l) => (
            <TextField key={l} name={t('voice.voice_in', {language: languageName(l)})} value={d.voices[l] ?? ''}
                onInput={(v) => set({voices: {...d.voices, [l]: v}})} />
          ))}
        </div>
      </fieldset>
      {MESSAGES.map((m) => (
        <fieldset key={m} class="rows">
          <legend>{t(`voice.${m}`)}</legend>
          <p class="hint">{t(`voice.${m}_hint`)}</p>
          {LANGUAGES.map((l) => (
            <TextArea key={l} name={`${t(`voice.${m}`)}: ${languageName(l)}`} rows={2} maxLength={500} value={d[m][l] ?? ''}
                onInput={(v) => set({[m]: {...d[m], [l]: v}})} />
          ))}
        </fieldset>
      ))}
    </>
  );
}

export default function VoiceSettings() {
  const asked = useApi<{voice: Voice}>('/api/admin/config/voice');
  const voice = asked.data?.voice;

  async function save({engines, voices, ...rest}: Partial<Draft>) {
    const body = {
      ...rest,
      ...(engines && {engines: engines.map((e) => e.engine)}),
      ...(voices && {voices: filled(voices)}),
      ...Object.fromEntries(MESSAGES.filter((m) => rest[m]).map((m) => [m, filled(rest[m]!)])),
    };
    const answer = await post<{voice?: Voice}>('/api/admin/config/voice', body);
    if (answer.voice) asked.set({voice: answer.voice});
    else asked.reload();
  }

  return (
    <Page title={t('voice.title')}>
      {asked.error && <Failure error={asked.error} retry={asked.error.code === 'plan' ? undefined : asked.reload} />}
      {asked.error?.code === 'plan' &&
          <div class="actions"><Button kind="primary" onClick={() => go('/admin/upgrade')}>{t('plan.see')}</Button></div>}
      {!voice && asked.loading && <Loading />}
      {voice && (
        <Card label={t('voice.title')}>
          <DraftForm<Draft> value={{...voice, engines: voice.engines.map((engine) => ({engine}))}} onSave={save}>
            {(d, set) => <Fields d={d} set={set} />}
          </DraftForm>
        </Card>
      )}
    </Page>
  );
}
