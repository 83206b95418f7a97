/** Keywords, which every file of a language has. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  'abstract async await bool boolean break case catch char class const constructor continue default delete double elif else enum export extends extern false final finally float from func function global goto implements import include instanceof interface lambda long match module namespace none null number object override package pass private protected public raise readonly require return self short signed sizeof static string struct super switch template then this throw throws trait true type typedef typeof undefined union unless unsigned using virtual void volatile where while with yield None True False'.split(
    ' ',
  ),
);
