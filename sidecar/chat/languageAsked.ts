import { answerInstructions } from './languageInstructions.ts';
import { proseOf } from './prose.ts';

/** Stems of verbs, in all supported languages, that ask for an answer or explanation. */
const ANSWER_VERBS =
  /answer|repl|respon|explain|expla|descri|summar|antwort|erklär|erklar|beschreib|répon|repon|expli|décri|conte?st|rispon|spieg|descrev|leg\b|uitleg|antwoord|beschrijf|odpow|wyjaśn|wyjasn|opisz|tłumacz|wytłum|odpov|vysvět|vysvet|popiš|răspun|raspun|explic|ответ|отвеч|объясн|поясн|опиш|расскаж|розкаж|відпов|yanıt|yanit|cevap|açıkla|acikla|anlat|trả lời|giải thích|mô tả|jawab|jelask|terangk|απάντ|εξήγ|εξηγ|περιέγρα|ענה|עני|ענו|הסבר|הסביר|תסביר|תענה|أجب|اشرح|جاوب|وضح|الرد|پاسخ|توضیح|جواب|उत्तर|जवाब|समझा|बताओ|बताइ|答え|説明|教えて|回答|대답|설명|답변|알려|解释|解釋|说明|說明/iu;

const MAX_UNITS_AT_AN_END = 1_500;

/** Words that a short request may have around a language's name: "in German, please". */
const FILLERS =
  /^(in|auf|en|em|in het|po|v|na|по|на|στα|dalam|bahasa|bằng|tiếng|please|bitte|pls|por|favor|per|favore|s'il|te|plaît|vous|proszę|prosím|пожалуйста|будь|ласка|lütfen|alsjeblieft|alstublieft|graag|tolong|the|same|now|and|but|jetzt|olarak|va|rog|vă|παρακαλώ|من|فضلك|لطفا|بـ|ب|में|कृपया|请|請|用|で|로|으로|お願いします|ください|주세요|נא|בבקשה|ב|به)$/iu;

/**
 * Returns the language that a question asks to be answered in, as a BCP 47 tag. Examples: "explain in Korean", "auf
 * Englisch bitte", "用中文解释". A language named as the subject ("German dates") or as the target of a translation does not
 * count.
 */
export function languageAsked(question: string): string | undefined {
  for (const sentence of withoutMiddle(question.replace(/`{3}[\s\S]*?(`{3}|$)|`[^`\n]*`/g, ' ')).split(
    /[.!?。！？\n;؟]+/u,
  )) {
    const names = namesIn(sentence);
    const last = names.at(-1);
    if (!last) continue;
    if (ANSWER_VERBS.test(sentence) ? last.isMeans : isBareRequest(sentence, last)) return last.tag;
  }
  return undefined;
}

/** Returns the beginning and the end of a long text. The middle was pasted and would take long to search. */
function withoutMiddle(text: string): string {
  return text.length <= 2 * MAX_UNITS_AT_AN_END
    ? text
    : `${text.slice(0, MAX_UNITS_AT_AN_END)}\n${text.slice(-MAX_UNITS_AT_AN_END)}`;
}

interface NamedLanguage {
  readonly tag: string;
  readonly start: number;
  readonly end: number;
  /** Whether the language is the means of an answer, as in "in German", and not a subject. */
  readonly isMeans: boolean;
}

/** A name of a language in a supported language, as a pattern that also matches inflected forms. */
interface LanguageName {
  readonly tag: string;
  /** The language of the name. */
  readonly display: string;
  readonly pattern: RegExp;
}

let knownNames: readonly LanguageName[] | undefined;

function languageNames(): readonly LanguageName[] {
  if (knownNames) return knownNames;
  const tags = Object.keys(answerInstructions);
  knownNames = tags.flatMap((display) => {
    const names = new Intl.DisplayNames([display], { type: 'language' });
    return [...tags, 'zh'].map((tag) => ({
      tag: tag === 'zh' ? 'zh-Hans' : tag,
      display,
      pattern: new RegExp(namePattern(display, names.of(tag) ?? tag), 'giu'),
    }));
  });
  return knownNames;
}

/** Words before a name that mark the means, by the language of the name. */
const BEFORE: Readonly<Record<string, string>> = {
  en: 'in\\s+',
  de: 'auf\\s+|in\\s+',
  nl: 'in het\\s+|in\\s+',
  fr: 'en\\s+',
  es: 'en\\s+',
  pt: 'em\\s+',
  it: 'in\\s+',
  ro: 'în\\s+(?:limba\\s+)?|in\\s+(?:limba\\s+)?',
  pl: 'po\\s+|w języku\\s+',
  cs: 'v\\s+|po\\s+',
  ru: 'по-|на\\s+',
  uk: '',
  el: 'στα\\s+|στην\\s+',
  tr: '',
  vi: 'bằng\\s+',
  id: 'dalam\\s+(?:bahasa\\s+)?|pakai\\s+(?:bahasa\\s+)?',
  he: 'ב-?',
  ar: 'ب(?:اللغة\\s+)?',
  fa: 'به\\s+(?:زبان\\s+)?',
  hi: '',
  ja: '',
  ko: '',
  'zh-Hans': '用|以',
  'zh-Hant': '用|以',
};
/** Words after a name that mark the means. */
const AFTER: Readonly<Record<string, string>> = { hi: '\\s+(?:भाषा\\s+)?में', ja: 'で', ko: '(?:로|으로)' };
/** Endings that mark the means in languages without a preposition for it. */
const MEANS_ENDING: Readonly<Record<string, RegExp>> = { cs: /[cs]ky$/u, uk: /ою$/u, tr: /c[ea]$/u };
/** Languages with inflected names. The pattern keeps the stem and accepts any ending. */
const INFLECTED: Readonly<Record<string, RegExp>> = {
  cs: /(?:ština|čtina|čina|tina)$/u,
  pl: /i$/u,
  ru: /(?:ий)$/u,
  uk: /а$/u,
  tr: /$/u,
  el: /$/u,
  ro: /ă$/u,
  id: /$/u,
};

function namePattern(display: string, name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/\s*[(（].*$/u, '')
    .replace(/^bahasa |^tiếng |^اللغة /u, '')
    .replace(/語$|语$/u, '');
  const suffix = INFLECTED[display];
  const stem = escape(suffix ? plain.replace(suffix, '') : plain);
  const spaced = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(plain);
  const prefix = display === 'vi' ? '(?:tiếng\\s+)?' : '';
  const ending = suffix && display !== 'id' ? '[\\p{L}]{0,6}' : '';
  const cjk = /^(?:ja|zh-Hans|zh-Hant)$/.test(display) ? '(?:語|语|文)?' : '';
  return `${spaced ? '(?<![\\p{L}\\p{M}])' : ''}(?<before>${BEFORE[display] ?? ''})?${prefix}${stem}${ending}${cjk}(?<after>${AFTER[display] ?? ''})?${spaced ? '(?![\\p{L}\\p{M}])' : ''}`;
}

function namesIn(sentence: string): readonly NamedLanguage[] {
  const found: NamedLanguage[] = [];
  const lowered = sentence.toLowerCase();
  for (const { tag, display, pattern } of languageNames()) {
    for (const match of lowered.matchAll(pattern)) {
      const { before, after } = match.groups ?? {};
      // Names of one letter or so are words of other languages.
      if (match[0].trim().length < 2) continue;
      found.push({
        tag,
        start: match.index,
        end: match.index + match[0].length,
        isMeans: Boolean(before) || Boolean(after) || MEANS_ENDING[display]?.test(match[0]) === true,
      });
    }
  }
  return found.sort(
    (a, b) => a.end - b.end || Number(a.isMeans) - Number(b.isMeans) || a.end - a.start - (b.end - b.start),
  );
}

/** Whether a sentence contains only the request for the language. */
function isBareRequest(sentence: string, { start, end, isMeans }: NamedLanguage): boolean {
  const rest =
    proseOf(`${sentence.slice(0, start)} ${sentence.slice(end)}`.toLowerCase()).match(/[\p{L}\p{M}'-]+/gu) ?? [];
  return rest.every((word) => FILLERS.test(word)) && (isMeans || rest.length > 0);
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
