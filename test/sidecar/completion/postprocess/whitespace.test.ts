import { testShown } from './shownCases.ts';

testShown({
  'the space before a brace behind the cursor': [
    {
      name: 'stays if the brace has a space on its other side',
      languageId: 'csharp',
      document: '    public string Name {‸}',
      model: ' get; set; }',
      shown: ' get; set; ',
      multiline: true,
    },
    {
      name: 'is trimmed if the brace has none',
      languageId: 'go',
      document: 'p := Point{‸}',
      model: 'X: 1 }',
      shown: 'X: 1',
      multiline: true,
    },
  ],
});
