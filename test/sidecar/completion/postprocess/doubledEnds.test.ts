import { testShown } from './shownCases.ts';

const jsx = { languageId: 'typescriptreact' };

testShown({
  'the end that the editor set behind the cursor': [
    {
      name: 'of a comment',
      document: '/** ‸ */\nfunction add() {}',
      model: 'Adds numbers. */',
      shown: 'Adds numbers.',
    },
    {
      name: 'of a comment, and what follows',
      document: '/** ‸ */',
      model: 'Adds numbers. */\nfunction add() {',
      shown: 'Adds numbers.',
      multiline: true,
    },
    {
      name: 'of a tag, with more behind it',
      document: 'return <div>‸</div>;',
      model: 'hello</div>',
      shown: 'hello',
      ...jsx,
    },
    {
      name: 'of a tag, behind another of its name',
      document: 'return <div>‸</div>;',
      model: '<div id="a">b</div></div>',
      shown: '<div id="a">b</div>',
      ...jsx,
    },
    { name: 'of a tag whose name has signs', document: '<my.a-b>‸</my.a-b>;', model: 'x</my.a-b>', shown: 'x', ...jsx },
    { name: 'of a fragment', document: 'return <>‸</>;', model: '<b>x</b></>', shown: '<b>x</b>', ...jsx },
    {
      name: 'of a tag without one of its own',
      document: 'return <img ‸ />;',
      model: 'src="a" />',
      shown: 'src="a"',
      ...jsx,
    },
    {
      name: 'of a tag without one of its own, behind others',
      document: 'return <A ‸ />;',
      model: 'b={<B />} c={<C>d</C>} />',
      shown: 'b={<B />} c={<C>d</C>}',
      ...jsx,
    },
  ],
  'ends of its own, where another waits': [
    { name: 'of a tag', document: 'return <div>‸</div>;', model: '<div>a</div>', shown: '<div>a</div>', ...jsx },
    {
      name: 'of a tag of a longer name',
      document: 'return <a>‸</a>;',
      model: '<abbr>b</abbr>',
      shown: '<abbr>b</abbr>',
      ...jsx,
    },
    {
      name: 'of a tag without one, of the same name',
      document: 'return <A>‸</A>;',
      model: '<A b="c" /></A>',
      shown: '<A b="c" />',
      ...jsx,
    },
    { name: 'of tags without one', document: 'return <A ‸ />;', model: 'b={<B />}', shown: 'b={<B />}', ...jsx },
  ],
});
