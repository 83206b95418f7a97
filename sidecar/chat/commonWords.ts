/**
 * Words that identify the language of a short question: question words, pronouns, articles, prepositions, auxiliaries,
 * and verbs that begin questions about code. Languages with a script of their own need no words. A word may be in
 * several languages.
 */
export const COMMON_WORDS: Readonly<Record<string, string>> = {
  en: `what's why's doesn't don't can't isn't won't i'm why what how when where which who is are was were does do did can could should would will the this that these those a an and or
    not of in on to for with from by at it its my your i me you we they there here than then if but so be been has have had get make use using used
    explain fix write add find show tell give help please change rename refactor convert return returns line error wrong mean means work works working into between without only still again any all`,
  de: `warum wieso weshalb was wie wann wo welche welcher welches wer ist sind war wird werden wurde kann könnte soll sollte muss das der die den dem des
    ein eine einen einem einer und oder nicht kein keine von im in auf zu zum zur für mit aus bei an es ich du wir man hier dann wenn aber so sein hat haben
    macht mache machen heißt bedeutet erkläre erklär schreib schreibe behebe zeig zeige gib bitte ändere finde fehler zeile geht gibt diese dieser dieses diesen diesem
    mir mich sich auch nur noch schon nach über ohne wozu wofür hilf funktioniert brauche brauch stimmt`,
  nl: `waarom wat hoe wanneer waar welke wie is zijn was wordt worden kan kunnen moet zou de het een en of niet geen van in op te tot voor met uit bij aan
    ik je jij wij men hier dan als maar zo heeft hebben maak schrijf leg uitleg betekent doet werkt dit dat deze die fout regel geef toon zoek verander los
    mij me zich ook alleen nog al naar over zonder waarvoor klopt help gebruik alsjeblieft moeten krijg mijn`,
  fr: `pourquoi quoi que quel quelle quels quelles comment quand où qui est sont était sera peut peux dois doit le la les l' un une des du de d' et ou ne pas
    plus en dans sur à au aux pour avec par chez ce cet cette ces ça cela c'est qu'est-ce n'est il elle on je j'ai tu nous vous ici si mais a ont fait faire
    explique écris corrige montre donne ajoute trouve change ligne erreur veut dire sert marche fonctionne mon ma mes moi me s'il plaît sans entre aussi y t-il faut`,
  es: `por qué que cómo como cuándo cuál cuáles dónde quién es son era está están será puede puedo debo debe el la los las un una unos y o no de del en a al
    para con por sobre lo se me mi tu te su yo esto esta este ese esa eso estos estas aquí si pero ha han hay hace hacer explica escribe corrige arregla muestra
    dame agrega encuentra cambia línea error significa sirve funciona sin entre también más así bien necesito quiero tengo`,
  pt: `por que porque como quando qual quais onde quem é são era está estão será pode posso devo deve o a os as um uma uns e ou não de do da dos das em no na
    nos nas ao à para com pelo pela se me meu minha seu eu isto isso este esta esse essa aqui mas há tem faz fazer explique escreva corrija conserte mostre
    dê adicione encontre mude linha erro significa serve funciona sem entre também mais assim bem preciso quero você pra pro`,
  it: `perché cosa che come quando quale quali dove chi è sono era sarà può posso devo deve il lo la i gli le un uno una e o non di del della dei delle in nel
    nella su sul a al alla per con da dal dalla si mi mio mia tuo io questo questa questi queste quello qui se ma ha hanno c'è cos'è l' dell' fa fare spiega
    scrivi correggi mostra dammi aggiungi trova cambia riga errore significa serve funziona senza tra anche più così bene vuol dire`,
  ro: `de ce cum când care unde cine este e sunt era va poate pot trebuie un o niște și sau nu din în la pe pentru cu prin să se îmi meu mea eu acest această
    aceste acestui acestei asta aici dar dacă are au face fac explică scrie repară corectează arată dă adaugă găsește schimbă linia eroare eroarea înseamnă
    folosește merge funcționează fără între mai așa bine vreau ca al ai ale lui mi-l codul`,
  pl: `dlaczego czemu co jak kiedy gdzie który która które kto jest są był była będzie może mogę muszę trzeba i lub albo nie z ze w we na do od dla po przez za
    się mi mój moja ja to ten ta te tego tej tym tutaj tu czy ale jeśli ma mają robi zrobić wyjaśnij napisz popraw napraw pokaż daj dodaj znajdź zmień linia linii
    błąd błędu znaczy służy działa bez między też więcej tak dobrze chcę oznacza użyć`,
  cs: `proč co jak kdy kde který která které kdo je jsou byl byla bude může můžu musím a nebo ne z ze v ve na do od pro po přes za se si mi můj moje já to ten ta
    ty toto tato tento této tohoto tady zde ale jestli pokud má mají dělá udělat vysvětli napiš oprav ukaž dej přidej najdi změň řádek řádku řádce chyba chybu
    znamená slouží funguje bez mezi také více tak dobře chci k čemu použít jde tuhle tenhle tohle`,
  tr: `neden niçin niye ne nasıl nerede hangi kim mi mı mu mü bu şu o bir ve veya ya değil için ile gibi kadar daha çok var yok olur oldu olan nedir neyi ben
    benim bana sen burada orada ama eğer açıkla yaz düzelt göster ver ekle bul değiştir satır satırı satırda hata hatası hatayı yapar yapıyor yarar çalışıyor çalışmıyor
    demek iyi doğru nasil lütfen bunu şunu da de`,
  id: `mengapa kenapa apa apakah bagaimana kapan di mana yang siapa ini itu adalah dan atau tidak bukan dari ke untuk dengan oleh pada saya aku kamu kita kami
    bisa dapat harus akan sudah belum ada jika kalau tapi tetapi jelaskan tulis tulislah buat buatkan perbaiki tunjukkan berikan tambahkan cari ubah baris
    kesalahan artinya arti gunanya berfungsi tanpa antara juga lebih begini benar cara kok gimana tolong dalam secara fungsi kode supaya agar`,
  vi: `tại sao vì làm thế nào gì là như khi nào ở đâu ai cái này kia đó những các một và hoặc không có của trong trên cho với từ bằng tôi bạn mình nó thì mà
    nhưng nếu được bị phải cần nên đã sẽ đang giải thích viết sửa giúp chỉ đưa thêm tìm đổi dòng lỗi nghĩa dùng chạy hàm đoạn mã để hãy sao chưa hơn lại ra`,
  ru: `почему зачем что как когда где какой какая какие кто это этот эта эти этого этой этом есть был была будет может могу нужно надо и или не из в во на к
    ко для с со по через за от мне мой моя я ты мы он она тут здесь но если у делает сделать объясни напиши исправь покажи дай добавь найди измени строка строку
    строке ошибка ошибку значит работает без между тоже ещё еще больше так хорошо хочу чем ли верно лучше чего`,
  uk: `чому навіщо що як коли де який яка які хто це цей ця ці цього цієї цьому є був була буде може можу треба потрібно і й або чи не з із в у на до для по
    через за від мені мій моя я ти ми він вона тут але якщо робить зробити поясни напиши виправ покажи дай додай знайди зміни рядок рядка рядку помилка помилку
    означає працює без між також ще більше так добре хочу чим та краще чого`,
  ar: `لماذا ما ماذا كيف متى أين من هل هذا هذه ذلك تلك في على إلى عن مع أو و لا ليس لم لن أن إن التي الذي كل هو هي أنا لي بعد قبل يمكن يجب كان اشرح اكتب أصلح
    صحح أضف ابحث غير السطر الخطأ خطأ يعني معنى يعمل تعمل بدون بين هنا أريد وش شو إيش ليش يظهر الدالة الكود`,
  fa: `چرا چه چی چطور چگونه کی کجا کدام آیا این آن در به از با برای که و یا نه نیست است را هر من شما باید شود می نمی کند کنم کنید بنویس توضیح بده درست اصلاح اضافه
    پیدا تغییر خط خطا یعنی معنی کار بدون بین اینجا هست دارد دارم چیست تابع کد رو میشه میکنه درسته چیه`,
  hi: `क्या क्यों कैसे कब कहाँ कौन कौनसा किस किसलिए है हैं था थी होता होती हो का की के में को से पर और या नहीं यह ये वह इस इसे मैं मुझे मेरा मेरे तुम आप लिए साथ भी तो ही
    कर करता करो करें करना बताओ समझाओ लिखो ठीक मतलब गलत सही यहाँ`,
};
