import { testShown } from './shownCases.ts';

testShown({
  'the rest of the line': [
    {
      name: 'among arguments of its own',
      document: '\treturn ‸, nil',
      model: 'strings.Split(s, nil)',
      shown: 'strings.Split(s, nil)',
      languageId: 'go',
    },
    { name: 'among arguments of another call', document: 'foo(‸, null)', model: 'bar(a, null)', shown: 'bar(a, null)' },
    {
      name: 'in a callback',
      document: 'const n = items‸.length',
      model: '.filter((i) => i.name.length > 2)',
      shown: '.filter((i) => i.name.length > 2)',
    },
    { name: 'in a string of its own', document: 'foo(‸, null)', model: '"a, null)"', shown: '"a, null)"' },
    {
      name: 'behind arguments of its own',
      document: '\treturn ‸, nil',
      model: 'strings.Split(s, nil), nil',
      shown: 'strings.Split(s, nil)',
      languageId: 'go',
    },
    { name: 'with the bracket that waits', document: 'foo(‸, null)', model: 'bar(a), null)', shown: 'bar(a)' },
    {
      name: 'in the string of the cursor, behind an apostrophe',
      document: 'foo("‸ years")',
      model: 'it\'s 3 years")',
      shown: "it's 3",
      languageId: 'python',
    },
  ],
  'the rest of the line, in words': [
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
      name: 'behind a bracket that nothing closes in Markdown',
      document: 'See the‸ manual.',
      model: ' guide (or the manual.',
      shown: ' guide (or the',
      languageId: 'markdown',
    },
    {
      name: 'behind an apostrophe in a comment behind code',
      document: 'a = b  # we‸ know it',
      model: " don't know it",
      shown: " don't",
      languageId: 'python',
    },
    {
      name: 'behind a bracket that nothing closes in a comment behind code',
      document: 'a(); // See the‸ manual.',
      model: ' guide (or the manual.',
      shown: ' guide (or the',
    },
    {
      name: 'but not in a string with a mark',
      document: 'foo(‸, null)',
      model: "f'a, null)'",
      shown: "f'a, null)'",
      languageId: 'python',
    },
  ],
});
