import { spokenLanguage } from '../speech/spokenLanguage.ts';

/** The effect of a command on the dictated text. */
type SpokenCommand = 'newLine' | 'undoThat';

type Phrases = Readonly<Record<SpokenCommand, readonly string[]>>;

/** Phrases by ISO 639 code. The first one is the most common. */
export const SPOKEN_COMMANDS: Readonly<Record<string, Phrases>> = {
  ar: { newLine: ['سطر جديد'], undoThat: ['تراجع عن ذلك', 'تراجع'] },
  zh: { newLine: ['换行', '換行', '新的一行'], undoThat: ['撤销', '撤銷', '取消这句'] },
  cs: { newLine: ['nový řádek'], undoThat: ['vrátit zpět', 'vrať to zpět'] },
  nl: { newLine: ['nieuwe regel'], undoThat: ['maak dat ongedaan', 'ongedaan maken'] },
  en: { newLine: ['new line', 'newline'], undoThat: ['undo that', 'scratch that'] },
  fr: { newLine: ['nouvelle ligne', 'à la ligne'], undoThat: ['annule ça', 'annuler ça', 'annulez ça'] },
  de: { newLine: ['neue Zeile'], undoThat: ['mach das rückgängig', 'rückgängig machen'] },
  el: { newLine: ['νέα γραμμή'], undoThat: ['αναίρεσέ το', 'αναίρεση'] },
  he: { newLine: ['שורה חדשה'], undoThat: ['בטל את זה'] },
  hi: { newLine: ['नई पंक्ति', 'नई लाइन'], undoThat: ['इसे वापस लो', 'पूर्ववत करें'] },
  id: { newLine: ['baris baru'], undoThat: ['batalkan itu', 'urungkan'] },
  it: { newLine: ['nuova riga', 'a capo'], undoThat: ['annulla questo', 'annulla'] },
  ja: { newLine: ['改行', 'かいぎょう'], undoThat: ['取り消し', 'とりけし', '元に戻す'] },
  ko: { newLine: ['새 줄', '줄 바꿈', '줄바꿈'], undoThat: ['실행 취소', '방금 취소'] },
  fa: { newLine: ['خط جدید', 'سطر جدید'], undoThat: ['آن را برگردان', 'واگرد'] },
  pl: { newLine: ['nowa linia', 'nowy wiersz'], undoThat: ['cofnij to'] },
  pt: { newLine: ['nova linha'], undoThat: ['desfaz isso', 'desfazer isso', 'desfaça isso'] },
  ro: { newLine: ['linie nouă', 'rând nou'], undoThat: ['anulează asta'] },
  ru: { newLine: ['новая строка', 'с новой строки'], undoThat: ['отмени это', 'отменить это'] },
  es: { newLine: ['nueva línea', 'línea nueva'], undoThat: ['deshaz eso', 'deshacer eso'] },
  tr: { newLine: ['yeni satır'], undoThat: ['bunu geri al', 'geri al'] },
  uk: { newLine: ['новий рядок', 'з нового рядка'], undoThat: ['скасуй це', 'скасувати це'] },
  vi: { newLine: ['dòng mới', 'xuống dòng'], undoThat: ['hoàn tác'] },
};

/** Punctuation that ends a sentence or part of one, in all supported languages. */
const STOPS = '.,;:!?…。、，；：！？،؛؟।';

/**
 * Applies the spoken commands in a dictated text: starts a new line, or removes the sentence before. A command must
 * stand alone between two punctuation marks, so that the user may speak about a new line. `language` is a BCP 47 tag,
 * or "auto" for the commands of all languages.
 */
export function obeySpokenCommands(text: string, language: string): string {
  const commands = commandsOf(language);
  const lines: string[][] = [[]];
  for (const part of partsOf(text)) {
    const command = commands.get(bare(part));
    const line = lines.at(-1) as string[];
    if (command === 'newLine') lines.push([]);
    else if (command === 'undoThat') takeBack(lines);
    else line.push(part);
  }
  return lines.map((line) => line.join('').trim()).join('\n');
}

/** Removes the last sentence, or the line that was begun last. */
function takeBack(lines: string[][]): void {
  const line = lines.at(-1) as string[];
  if (line.length === 0) {
    if (lines.length > 1) lines.pop();
    return;
  }
  do line.pop();
  while (line.length > 0 && !endsSentence(line.at(-1) as string));
}

/** Splits a text behind each punctuation mark, which stays. Dots inside words and numbers do not split. */
function partsOf(text: string): readonly string[] {
  return text.match(new RegExp(`.+?(?:[${STOPS}]+(?=\\s|$|[^\\d\\w])|$)`, 'gsu')) ?? [];
}

const endsSentence = (part: string): boolean => /[.!?…。！？؟।]$/u.test(part.trim());

/** Removes punctuation, outer spaces and case. */
const bare = (part: string): string =>
  part
    .replace(new RegExp(`[${STOPS}]`, 'gu'), '')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
    .normalize('NFC');

function commandsOf(tag: string): ReadonlyMap<string, SpokenCommand> {
  const language = spokenLanguage(tag);
  const chosen =
    language === 'auto'
      ? Object.values(SPOKEN_COMMANDS)
      : Object.hasOwn(SPOKEN_COMMANDS, language)
        ? [SPOKEN_COMMANDS[language] as Phrases]
        : [];
  return new Map(
    chosen.flatMap((phrases) =>
      (['newLine', 'undoThat'] as const).flatMap((command) =>
        phrases[command].map((phrase) => [bare(phrase), command] as const),
      ),
    ),
  );
}
