import { testShown } from './shownCases.ts';

testShown({
  'an angle bracket behind the cursor': [
    {
      name: 'is not doubled at the end of a tag',
      document: '<div ‸>',
      model: 'class="foo">',
      shown: 'class="foo"',
      languageId: 'html',
    },
    {
      name: 'is not doubled behind an angle bracket in a string',
      document: '<div ‸>',
      model: 'title="a > b">',
      shown: 'title="a > b"',
      languageId: 'html',
    },
    {
      name: 'is not doubled behind an arrow and a comparison',
      document: '<Foo ‸>',
      model: 'onClick={() => a > b}>',
      shown: 'onClick={() => a > b}',
      languageId: 'typescriptreact',
    },
    {
      name: 'is not doubled at the end of a type',
      document: 'function f(): Promise<‸>',
      model: 'string>',
      shown: 'string',
    },
    {
      name: 'is not doubled behind a nested type',
      document: 'const a: Promise<‸>',
      model: 'Map<string, number>>',
      shown: 'Map<string, number>',
    },
    {
      name: 'is not doubled in arguments',
      document: 'f(new Map<‸>())',
      model: 'string, number>())',
      shown: 'string, number',
    },
    {
      name: 'is not doubled at the end of an include',
      document: '#include <‸>',
      model: 'vector>',
      shown: 'vector',
      languageId: 'cpp',
    },
    {
      name: 'is replaced if the completion continues behind it',
      document: 'let x: Vec<‸>',
      model: 'u8> = Vec::new();',
      shown: 'u8> = Vec::new();',
      languageId: 'rust',
    },
    {
      name: 'is replaced if the completion continues behind its tag',
      document: '<div ‸>',
      model: 'class="a">Text</div>',
      shown: 'class="a">Text</div>',
      languageId: 'html',
    },
    { name: 'may be a comparison', document: 'if (a‸ > b)', model: '.length > 0 && c', shown: '.length > 0 && c' },
  ],
});
