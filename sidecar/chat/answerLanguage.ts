import { answerInstructions } from './languageInstructions.ts';
import { detectLanguage } from './detectLanguage.ts';
import { languageAsked } from './languageAsked.ts';

/** The evidence for the language of an answer. */
export interface LanguageEvidence {
  /** The user's setting: 'auto' or empty follows the question, else a BCP 47 tag. */
  readonly setting?: string;
  /** The user's messages, oldest first. The last one is the question. */
  readonly questions: readonly string[];
  /** The editor's display language, used last. */
  readonly displayLanguage?: string;
}

/**
 * Returns the language to answer in, as a BCP 47 tag. It is the language that the question asks for ("explain in
 * Korean"), else that of the setting. Otherwise it is the language of the question, then of earlier questions (newest
 * first), of the interface, or English. A question that is too short or too mixed counts as undecided.
 */
export async function answerLanguage(evidence: LanguageEvidence): Promise<string> {
  const asked = languageAsked(evidence.questions.at(-1) ?? '');
  if (asked) return asked;
  if (evidence.setting && evidence.setting !== 'auto') return evidence.setting;
  for (const question of evidence.questions.toReversed()) {
    // A language that an earlier question asked for also holds for later questions without a clear language.
    const askedBefore = languageAsked(question);
    if (askedBefore) return askedBefore;
    const language = await detectLanguage(question);
    if (language) return language === 'zh' ? chineseVariant(question, evidence.displayLanguage) : language;
  }
  return evidence.displayLanguage || 'en';
}

/**
 * Returns the language of a text like `answerLanguage`, with simplified and traditional Chinese told apart. Returns
 * `undefined` if its words do not decide.
 */
export async function languageOf(text: string): Promise<string | undefined> {
  const language = await detectLanguage(text);
  return language === 'zh' ? chineseVariant(text, undefined) : language;
}

/** Common characters that differ between simplified and traditional Chinese. */
const SIMPLIFIED =
  '这个们么为会说来时对样还没后过与实点开关问错误测试应该请写给让数档码报优动态变类构组织历节终级线维续转换执务产单双发图块处复学导将层属带帮库录总战护拟择损据断无显术机条极标树检气汇决况减几划则创删别区医华协卖压参号听启吗员响长门间闻阅队阶际难页项顺须预频题额颜风饰馆马验词译证评识诉详语读调谁谢谈负责败账货质贴费资赋输软载较边达迁运进远连迟适选递逻遗邮释针钟链销锁键镜闭顶顾颗饭骤吗简认议设访许论统经结绑规视觉计订现环画电备';
const TRADITIONAL =
  '這個們麼為會說來時對樣還沒後過與實點開關問錯誤測試應該請寫給讓數檔碼報優動態變類構組織歷節終級線維續轉換執務產單雙發圖塊處復學導將層屬帶幫庫錄總戰護擬擇損據斷無顯術機條極標樹檢氣匯決況減幾劃則創刪別區醫華協賣壓參號聽啟嗎員響長門間聞閱隊階際難頁項順須預頻題額顏風飾館馬驗詞譯證評識訴詳語讀調誰謝談負責敗賬貨質貼費資賦輸軟載較邊達遷運進遠連遲適選遞邏遺郵釋針鐘鏈銷鎖鍵鏡閉頂顧顆飯驟嗎簡認議設訪許論統經結綁規視覺計訂現環畫電備裡麽';

function chineseVariant(question: string, displayLanguage: string | undefined): string {
  const count = (own: string, other: string): number =>
    [...question].filter((character) => own.includes(character) && !other.includes(character)).length;
  const lead = count(TRADITIONAL, SIMPLIFIED) - count(SIMPLIFIED, TRADITIONAL);
  if (lead !== 0) return lead > 0 ? 'zh-Hant' : 'zh-Hans';
  return /^zh-(tw|hk|hant)/i.test(displayLanguage ?? '') ? 'zh-Hant' : 'zh-Hans';
}

/**
 * Returns the English name of a BCP 47 tag, or the tag itself if it has no name. Returns "English" for an invalid tag,
 * since the name goes into the prompt.
 */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(normaliseTag(tag)) ?? tag;
  } catch {
    return 'English';
  }
}

/** Returns "Answer in …" in the language itself if it is known, which small models follow best, else in English. */
export function answerInstruction(tag: string): string {
  return ofLanguage(answerInstructions, tag) ?? `Answer in ${languageName(tag)}.`;
}

/** Returns the entry of a language (a BCP 47 tag) in a table by language; `undefined` if the table lacks it. */
export function ofLanguage<Entry>(table: Readonly<Record<string, Entry>>, tag: string): Entry | undefined {
  const normal = normaliseTag(tag);
  return table[normal] ?? table[normal.split('-')[0] ?? ''];
}

export function isEnglish(tag: string): boolean {
  return /^en\b/i.test(tag);
}

function normaliseTag(tag: string): string {
  if (/^zh[-_](tw|hk|mo|hant)/i.test(tag)) return 'zh-Hant';
  if (/^zh/i.test(tag)) return 'zh-Hans';
  return tag.replace('_', '-');
}
