import { testShown } from './shownCases.ts';

testShown({
  'the space before a brace that waits behind the cursor': [
    {
      name: 'stays where one stands behind the other',
      languageId: 'csharp',
      document: '    public string Name {‸}',
      model: ' get; set; }',
      shown: ' get; set; ',
      multiline: true,
    },
    {
      name: 'goes where none does',
      languageId: 'go',
      document: 'p := Point{‸}',
      model: 'X: 1 }',
      shown: 'X: 1',
      multiline: true,
    },
  ],
});
