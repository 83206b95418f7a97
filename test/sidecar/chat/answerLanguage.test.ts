import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { detectLanguage } from '../../../sidecar/chat/detectLanguage.ts';
import { answerInstruction, answerLanguage } from '../../../sidecar/chat/answerLanguage.ts';
import { languageAsked } from '../../../sidecar/chat/languageAsked.ts';
import { languageNamed } from '../../../sidecar/chat/languageNames.ts';
import { judgeQuestions } from '../../bench/questionLanguages/judge.ts';

const questions: Readonly<Record<string, readonly string[]>> = {
  ar: ['ما الذي تفعله هذه الدالة؟', 'كيف أصلح هذا الخطأ في الكود؟', 'لماذا لا يعمل هذا الاختبار؟'],
  zh: ['这个函数是做什么的？', '如何修复这个错误？', '為什麼這個測試會失敗？'],
  cs: ['Co dělá tato funkce?', 'Jak opravím tuto chybu v kódu?', 'Proč tento test neprochází?'],
  nl: ['Wat doet deze functie?', 'Hoe los ik deze fout in de code op?', 'Waarom mislukt deze test?'],
  en: ['What does this function do?', 'How do I fix this error?', 'Why does this test fail?'],
  fr: ['Que fait cette fonction ?', 'Comment corriger cette erreur dans le code ?', 'Pourquoi ce test échoue-t-il ?'],
  de: ['Was macht diese Funktion?', 'Wie behebe ich diesen Fehler?', 'Warum schlägt dieser Test fehl?'],
  el: ['Τι κάνει αυτή η συνάρτηση;', 'Πώς διορθώνω αυτό το σφάλμα;', 'Γιατί αποτυγχάνει αυτό το τεστ;'],
  he: ['מה הפונקציה הזאת עושה?', 'איך מתקנים את השגיאה הזאת?', 'למה הבדיקה הזאת נכשלת?'],
  hi: ['यह फ़ंक्शन क्या करता है?', 'मैं इस त्रुटि को कैसे ठीक करूँ?', 'यह परीक्षण विफल क्यों होता है?'],
  id: ['Apa yang dilakukan fungsi ini?', 'Bagaimana cara memperbaiki kesalahan ini?', 'Mengapa tes ini gagal?'],
  it: ['Cosa fa questa funzione?', 'Come correggo questo errore nel codice?', 'Perché questo test fallisce?'],
  ja: ['この関数は何をしますか？', 'このエラーをどう直せばいいですか？', 'なぜこのテストは失敗するのですか？'],
  ko: ['이 함수는 무엇을 하나요?', '이 오류를 어떻게 고치나요?', '이 테스트는 왜 실패하나요?'],
  fa: ['این تابع چه کاری انجام می‌دهد؟', 'چگونه این خطا را برطرف کنم؟', 'چرا این آزمون شکست می‌خورد؟'],
  pl: ['Co robi ta funkcja?', 'Jak naprawić ten błąd w kodzie?', 'Dlaczego ten test nie przechodzi?'],
  pt: ['O que esta função faz?', 'Como corrijo este erro no código?', 'Por que este teste falha?'],
  ro: ['Ce face această funcție?', 'Cum repar această eroare în cod?', 'De ce eșuează acest test?'],
  ru: ['Что делает эта функция?', 'Как исправить эту ошибку?', 'Почему этот тест не проходит?'],
  es: ['¿Qué hace esta función?', '¿Cómo corrijo este error en el código?', '¿Por qué falla esta prueba?'],
  tr: ['Bu fonksiyon ne yapıyor?', 'Bu hatayı nasıl düzeltirim?', 'Bu test neden başarısız oluyor?'],
  uk: ['Що робить ця функція?', 'Як виправити цю помилку?', 'Чому цей тест не проходить?'],
  vi: ['Hàm này làm gì?', 'Làm thế nào để sửa lỗi này?', 'Tại sao bài kiểm tra này thất bại?'],
};

describe('the language of a question is recognized', () => {
  for (const [language, texts] of Object.entries(questions)) {
    test(language, async () => {
      for (const text of texts) assert.equal(await detectLanguage(text), language, text);
    });
  }
});

describe('forty short questions with code in each language', () => {
  test('are recognized in 98 % of all cases, and in at least 90 % for each language', async () => {
    const judged = await judgeQuestions('questions.json');
    const languages = [...new Set(judged.map(({ language }) => language))];
    assert.equal(languages.length, 24);
    const share = (language?: string): number => {
      const own = judged.filter((each) => language === undefined || each.language === language);
      assert.ok(own.length >= 40, language);
      return own.filter((each) => each.answer === each.language).length / own.length;
    };
    assert.ok(share() >= 0.98, `${share()} of all`);
    for (const language of languages) assert.ok(share(language) >= 0.9, `${share(language)} of ${language}`);
  });
});

describe('the language that a question asks for', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['Explain this in Korean', 'ko'],
    ['explain in German please', 'de'],
    ['Was macht das? Erkläre es auf Englisch', 'en'],
    ['auf Deutsch bitte', 'de'],
    ['in French', 'fr'],
    ['Réponds en anglais : que fait parseDate ?', 'en'],
    ['Responde en inglés', 'en'],
    ['Explique em japonês', 'ja'],
    ['Spiegalo in inglese', 'en'],
    ['Wyjaśnij po angielsku', 'en'],
    ['Odpověz anglicky', 'en'],
    ['объясни по-английски', 'en'],
    ['поясни англійською', 'en'],
    ['по-русски пожалуйста', 'ru'],
    ['英語で説明して', 'en'],
    ['用英语解释', 'en'],
    ['用英文回答', 'en'],
    ['請用英文說明這個函式', 'en'],
    ['영어로 설명해줘', 'en'],
    ['اشرح بالإنجليزية', 'en'],
    ['به انگلیسی توضیح بده', 'en'],
    ['הסבר באנגלית', 'en'],
    ['अंग्रेज़ी में समझाओ', 'en'],
    ['İngilizce açıkla', 'en'],
    ['Giải thích bằng tiếng Anh', 'en'],
    ['Jelaskan dalam bahasa Inggris', 'en'],
    ['Εξήγησε στα αγγλικά', 'en'],
    ['Explică în engleză', 'en'],
    ['Leg uit in het Engels', 'en'],
    ['Explain how German dates are parsed', undefined],
    ['Translate this string to French', undefined],
    ['How do I format a date in German?', undefined],
    ['What does this do?', undefined],
    ['explain polish()', undefined],
    ['Was macht das?', undefined],
    ['Explain why en is the default', undefined],
    ['Explain the Czech locale', undefined],
    ['explain this function', undefined],
    ['answer in Chinese', 'zh-Hans'],
    ['answer in Traditional Chinese', 'zh-Hant'],
    ['Why does Arabic text break?', undefined],
    ['Erkläre den deutschen Text', undefined],
    ['explique esta función', undefined],
    ['Explain in detail', undefined],
    ['ok', undefined],
    ['Отвечай на русском', 'ru'],
  ];
  for (const [question, language] of cases)
    test(`${question}: ${language ?? 'none'}`, () => assert.equal(languageAsked(question), language));
  test('is searched at the beginning and end of a long question, not in pasted text', () => {
    const pasted = 'A line of some log.\n'.repeat(1_000);
    assert.equal(languageAsked(`Explain in Korean:\n${pasted}`), 'ko');
    assert.equal(languageAsked(`${pasted}Explain this in Korean.`), 'ko');
    assert.equal(languageAsked(`What is it?\n${pasted}Explain this in Korean.\n${pasted}`), undefined);
  });
});

describe('code in a question does not affect the language', () => {
  const cases: readonly [string, string][] = [
    [
      'Was macht `return the first value of this list`?\n```ts\n// returns the value of the function\n```\nund warum ist das so langsam?',
      'de',
    ],
    ['/explain Que fait parseHeader dans src/http/request.ts ?', 'fr'],
    ['この function は何を return しますか', 'ja'],
    ['Почему fetchModel() возвращает undefined здесь?', 'ru'],
  ];
  for (const [text, language] of cases)
    test(text.split('\n')[0] ?? '', async () => assert.equal(await detectLanguage(text), language));
});

describe('the language of the answer', () => {
  test('follows the setting', async () =>
    assert.equal(await answerLanguage({ setting: 'pl', questions: ['What does this function do?'] }), 'pl'));
  test('follows the question’s request, whatever the setting is', async () => {
    assert.equal(await answerLanguage({ setting: 'pl', questions: ['Explain this in Korean'] }), 'ko');
  });
  test('stays the requested language while questions have no clear language', async () => {
    assert.equal(
      await answerLanguage({ questions: ['Explain parseHeader in Korean', '/fix'], displayLanguage: 'de' }),
      'ko',
    );
    assert.equal(
      await answerLanguage({ questions: ['Explain parseHeader in Korean', 'Und warum ist das so langsam?'] }),
      'de',
    );
  });
  test("is the question's by default", async () =>
    assert.equal(
      await answerLanguage({ setting: 'auto', questions: ['Was macht diese Funktion?'], displayLanguage: 'en' }),
      'de',
    ));
  test('follows the conversation if the question is too short', async () => {
    assert.equal(
      await answerLanguage({ questions: ['Was macht diese Funktion?', 'ok?'], displayLanguage: 'en' }),
      'de',
    );
  });
  test('follows a question that changes language', async () => {
    assert.equal(
      await answerLanguage({ questions: ['Was macht diese Funktion?', 'And why does this test fail?'] }),
      'en',
    );
  });
  test("is the editor's if nothing decides", async () =>
    assert.equal(await answerLanguage({ questions: ['', '/explain'], displayLanguage: 'cs' }), 'cs'));
  test('is English by default', async () => assert.equal(await answerLanguage({ questions: ['parseHeader'] }), 'en'));
  test('tells simplified from traditional Chinese', async () => {
    assert.equal(await answerLanguage({ questions: ['為什麼這個測試會失敗？'] }), 'zh-Hant');
    assert.equal(await answerLanguage({ questions: ['这个函数是做什么的？'], displayLanguage: 'zh-tw' }), 'zh-Hans');
  });
  test('is named in the language itself', () => {
    assert.equal(answerInstruction('de'), 'Antworte auf Deutsch.');
    assert.equal(answerInstruction('pt-BR'), 'Responda em português.');
    assert.equal(answerInstruction('zh-TW'), '請用繁體中文回答。');
    assert.equal(answerInstruction('sv'), 'Answer in Swedish.');
  });
});

test('of /translate can be named by tag or name', () => {
  assert.equal(languageNamed('de'), 'de');
  assert.equal(languageNamed('to French please'), 'fr');
  assert.equal(languageNamed('auf Deutsch'), 'de');
  assert.equal(languageNamed('the comments'), undefined);
});
