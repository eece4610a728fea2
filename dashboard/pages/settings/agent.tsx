// Who the agent is, and what it asks of people the shop does not know yet.
import {put, useApi} from '../../api.ts';
import {DraftForm, Failure, Loading, RowsEditor, Select, Switch, TextArea, TextField} from '../../components/index.ts';
import {languageName} from '../../format.ts';
import {t, word} from '../../texts/index.ts';
import {orNull} from './parts.ts';

interface Question {
  id?: string;
  question_text: string;
  translations: Record<string, string>;
  expected_format: string;
  is_required: boolean;
  maps_to_lead_field: string | null;
  is_essential_for_emergency: boolean;
}

interface Config {
  agent_name: string;
  persona_prompt: string;
  system_prompt: string | null;
  voice_personality: string;
  language: string;
  languages: string[];
  language_detection: boolean;
  lead_questions: Question[];
}

const LANGUAGES = ['en', 'fr', 'es'];
const PERSONALITIES = ['professional', 'friendly', 'casual'];
const FORMATS = ['text', 'email', 'phone'];

function useConfig() {
  const asked = useApi<{config: Config}>('/api/config');
  const save = async (changes: Partial<Config>) => {
    const answer = await put<{config?: Config}>('/api/config', changes);
    if (answer.config) asked.set({config: answer.config});
    else asked.reload();
  };
  return {asked, config: asked.data?.config, save};
}

export function AgentPart() {
  const {asked, config, save} = useConfig();
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (!config) return <Loading />;
  const {lead_questions: _, ...rest} = config;
  const value: Omit<Config, 'lead_questions'> = rest;
  const speaks = [...new Set([...LANGUAGES, ...config.languages])];
  return (
    <DraftForm value={value} onSave={({system_prompt, ...changes}) =>
        save({...changes, ...(system_prompt !== undefined && {system_prompt: orNull(system_prompt ?? '')})})}>
      {(d, set) => (
        <>
          <div class="two">
            <TextField name={t('agent.name')} required maxLength={100} value={d.agent_name} onInput={(agent_name) => set({agent_name})} />
            <Select name={t('agent.personality')} value={d.voice_personality} onInput={(voice_personality) => set({voice_personality})}
                options={PERSONALITIES.map((p) => [p, word('personality', p)])} />
            <Select name={t('agent.language')} value={d.language} options={d.languages.map((l) => [l, languageName(l)])}
                onInput={(language) => set({language})} />
          </div>
          <fieldset class="rows">
            <legend>{t('agent.languages')}</legend>
            {speaks.map((l) => (
              <Switch key={l} name={languageName(l)} value={d.languages.includes(l)} disabled={l === d.language}
                  onInput={(on) => set({languages: on ? [...d.languages, l] : d.languages.filter((x) => x !== l)})} />
            ))}
            <Switch name={t('agent.detection')} hint={t('agent.detection_hint')} value={d.language_detection}
                onInput={(language_detection) => set({language_detection})} />
          </fieldset>
          <TextArea name={t('agent.persona')} hint={t('agent.persona_hint')} required maxLength={2000} value={d.persona_prompt}
              onInput={(persona_prompt) => set({persona_prompt})} />
          <TextArea name={t('agent.system')} hint={t('agent.system_hint')} maxLength={6000} value={d.system_prompt ?? ''}
              onInput={(system_prompt) => set({system_prompt})} />
        </>
      )}
    </DraftForm>
  );
}

export function QuestionsPart() {
  const {asked, config, save} = useConfig();
  if (asked.error) return <Failure error={asked.error} retry={asked.reload} />;
  if (!config) return <Loading />;
  const others = config.languages.filter((l) => l !== config.language);
  return (
    <DraftForm value={{lead_questions: config.lead_questions}} onSave={(d) => save(d)}>
      {(d, set) => (
        <>
          <p class="hint">{t('questions.hint')}</p>
          <RowsEditor label={t('questions.title')} rows={d.lead_questions} most={50} add={t('questions.add')}
              onChange={(lead_questions) => set({lead_questions})} fresh={(): Question => ({question_text: '', translations: {},
                expected_format: 'text', is_required: true, maps_to_lead_field: null, is_essential_for_emergency: false})}>
            {(q, change) => (
              <>
                <TextField name={t('questions.text')} required maxLength={300} value={q.question_text} onInput={(question_text) => change({question_text})} />
                {others.map((l) => (
                  <TextField key={l} name={t('questions.in', {language: languageName(l)})} maxLength={300} value={q.translations?.[l] ?? ''}
                      onInput={(v) => {
                        const {[l]: _, ...rest} = q.translations ?? {};
                        change({translations: v ? {...rest, [l]: v} : rest});
                      }} />
                ))}
                <div class="two">
                  <Select name={t('questions.format')} value={q.expected_format} onInput={(expected_format) => change({expected_format})}
                      options={FORMATS.map((f) => [f, word('format', f)])} />
                  <Switch name={t('questions.required')} value={q.is_required} onInput={(is_required) => change({is_required})} />
                  <Switch name={t('questions.essential')} value={q.is_essential_for_emergency}
                      onInput={(is_essential_for_emergency) => change({is_essential_for_emergency})} />
                </div>
              </>
            )}
          </RowsEditor>
        </>
      )}
    </DraftForm>
  );
}
