import type { Language } from '../../frame/format.ts';
import { frameWords } from '../../frame/frame-words.ts';
import { language, speak } from '../../frame/words.ts';
import { diskReasons } from '../../words/reasons.ts';
import { accountWords } from '../account/words.ts';
import { settingsWords } from '../settings/words.ts';
import { systemWords } from '../system/words.ts';
import { happens } from './set-up-store.ts';
import { setUpWords } from './words.ts';

/** Each in its own language: who reads one may not read the other. */
const LANGUAGES: readonly { value: Language; text: string }[] = [
  { value: 'zh-CN', text: '中文' },
  { value: 'en', text: 'English' },
];

/** What the set-up is drawn with. */
const SETS = [frameWords, setUpWords, systemWords, diskReasons, accountWords, settingsWords];

export function LanguageStep() {
  const words = setUpWords.get();
  const goOn = (event: Event) => {
    event.preventDefault();
    happens({ kind: 'done', step: 'language' });
  };
  return (
    <form onSubmit={goOn}>
      <fieldset class="languages">
        <legend class="unseen">{words.step.language}</legend>
        {LANGUAGES.map(({ value, text }) => (
          <label key={value} lang={value}>
            <input
              type="radio"
              name="language"
              checked={language.value === value}
              onChange={() => void speak(value, () => SETS)}
            />
            <span>{text}</span>
          </label>
        ))}
      </fieldset>
      <button type="submit" class="main">
        {words.next}
      </button>
    </form>
  );
}
