import { testShown } from './shownCases.ts';

const jsx = { languageId: 'typescriptreact' };

testShown({
  'does not repeat the end that the editor put behind the cursor': [
    {
      name: 'of a comment',
      document: '/** ‸ */\nfunction add() {}',
      model: 'Adds numbers. */',
      shown: 'Adds numbers.',
    },
    {
      name: 'of a comment, and drops the text after it',
      document: '/** ‸ */',
      model: 'Adds numbers. */\nfunction add() {',
      shown: 'Adds numbers.',
      multiline: true,
    },
    {
      name: 'of a tag with text behind it',
      document: 'return <div>‸</div>;',
      model: 'hello</div>',
      shown: 'hello',
      ...jsx,
    },
    {
      name: 'of a tag, behind another tag of the same name',
      document: 'return <div>‸</div>;',
      model: '<div id="a">b</div></div>',
      shown: '<div id="a">b</div>',
      ...jsx,
    },
    {
      name: 'of a tag with punctuation in its name',
      document: '<my.a-b>‸</my.a-b>;',
      model: 'x</my.a-b>',
      shown: 'x',
      ...jsx,
    },
    { name: 'of a fragment', document: 'return <>‸</>;', model: '<b>x</b></>', shown: '<b>x</b>', ...jsx },
    {
      name: 'of a self-closing tag',
      document: 'return <img ‸ />;',
      model: 'src="a" />',
      shown: 'src="a"',
      ...jsx,
    },
    {
      name: 'of a self-closing tag, behind other tags',
      document: 'return <A ‸ />;',
      model: 'b={<B />} c={<C>d</C>} />',
      shown: 'b={<B />} c={<C>d</C>}',
      ...jsx,
    },
  ],
  'keeps its own ends before another end': [
    { name: 'of a tag', document: 'return <div>‸</div>;', model: '<div>a</div>', shown: '<div>a</div>', ...jsx },
    {
      name: 'of a tag with a longer name',
      document: 'return <a>‸</a>;',
      model: '<abbr>b</abbr>',
      shown: '<abbr>b</abbr>',
      ...jsx,
    },
    {
      name: 'of a self-closing tag with the same name',
      document: 'return <A>‸</A>;',
      model: '<A b="c" /></A>',
      shown: '<A b="c" />',
      ...jsx,
    },
    { name: 'of self-closing tags', document: 'return <A ‸ />;', model: 'b={<B />}', shown: 'b={<B />}', ...jsx },
  ],
});
