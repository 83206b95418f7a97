import { testShown } from './shownCases.ts';

testShown({
  'the rest of the line': [
    { name: 'among arguments of its own', document: '\treturn ‸, nil', model: 'strings.Split(s, nil)', shown: 'strings.Split(s, nil)', languageId: 'go' },
    { name: 'among arguments of another call', document: 'foo(‸, null)', model: 'bar(a, null)', shown: 'bar(a, null)' },
    { name: 'in a callback', document: 'const n = items‸.length', model: '.filter((i) => i.name.length > 2)', shown: '.filter((i) => i.name.length > 2)' },
    { name: 'in a string of its own', document: 'foo(‸, null)', model: '"a, null)"', shown: '"a, null)"' },
    { name: 'behind arguments of its own', document: '\treturn ‸, nil', model: 'strings.Split(s, nil), nil', shown: 'strings.Split(s, nil)', languageId: 'go' },
    { name: 'with the bracket that waits', document: 'foo(‸, null)', model: 'bar(a), null)', shown: 'bar(a)' },
    { name: 'in the string of the cursor, behind an apostrophe', document: 'foo("‸ years")', model: 'it\'s 3 years")', shown: "it's 3", languageId: 'python' },
  ],
});
