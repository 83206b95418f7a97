import { testShown } from './shownCases.ts';

testShown({
  'the rest of the line': [
    {
      name: 'may occur among arguments of a call in the completion',
      document: '\treturn ‸, nil',
      model: 'strings.Split(s, nil)',
      shown: 'strings.Split(s, nil)',
      languageId: 'go',
    },
    {
      name: 'may occur among arguments of another call',
      document: 'foo(‸, null)',
      model: 'bar(a, null)',
      shown: 'bar(a, null)',
    },
    {
      name: 'may occur in a callback',
      document: 'const n = items‸.length',
      model: '.filter((i) => i.name.length > 2)',
      shown: '.filter((i) => i.name.length > 2)',
    },
    {
      name: 'may occur in a string of the completion',
      document: 'foo(‸, null)',
      model: '"a, null)"',
      shown: '"a, null)"',
    },
    {
      name: 'is dropped behind such arguments',
      document: '\treturn ‸, nil',
      model: 'strings.Split(s, nil), nil',
      shown: 'strings.Split(s, nil)',
      languageId: 'go',
    },
    {
      name: 'is dropped with the bracket behind the cursor',
      document: 'foo(‸, null)',
      model: 'bar(a), null)',
      shown: 'bar(a)',
    },
    {
      name: 'is dropped in the string at the cursor, behind an apostrophe',
      document: 'foo("‸ years")',
      model: 'it\'s 3 years")',
      shown: "it's 3",
      languageId: 'python',
    },
  ],
  'the rest of the line in prose is dropped': [
    {
      name: 'behind an apostrophe in Markdown',
      document: 'The user‸ name is here',
      model: "'s first name is here",
      shown: "'s first",
      languageId: 'markdown',
    },
    {
      name: 'behind an apostrophe in a comment',
      document: '// the user‸ name is here',
      model: "'s first name is here",
      shown: "'s first",
    },
    {
      name: 'behind an apostrophe in a comment of Python',
      document: '# we‸ know it',
      model: " don't know it",
      shown: " don't",
      languageId: 'python',
    },
    {
      name: 'behind an apostrophe between tags',
      document: '<p>We‸ know it</p>',
      model: " don't know it</p>",
      shown: " don't",
      languageId: 'html',
    },
    {
      name: 'behind an open bracket in Markdown',
      document: 'See the‸ manual.',
      model: ' guide (or the manual.',
      shown: ' guide (or the',
      languageId: 'markdown',
    },
    {
      name: 'behind an apostrophe in a comment after code',
      document: 'a = b  # we‸ know it',
      model: " don't know it",
      shown: " don't",
      languageId: 'python',
    },
    {
      name: 'behind an open bracket in a comment after code',
      document: 'a(); // See the‸ manual.',
      model: ' guide (or the manual.',
      shown: ' guide (or the',
    },
    {
      name: 'but not in a string with a prefix',
      document: 'foo(‸, null)',
      model: "f'a, null)'",
      shown: "f'a, null)'",
      languageId: 'python',
    },
  ],
});
