import { testShown } from './shownCases.ts';

testShown({
  'lines that stand some lines further down': [
    { name: 'a check that the next call has too', document: 'func f() error {\n\ta, err := x()\n\t‸\n\tb, err := y()\n\tif err != nil {\n\t\treturn err\n\t}\n}', model: 'if err != nil {', shown: 'if err != nil {', languageId: 'go' },
    { name: 'the same, begun', document: 'func f() error {\n\ta, err := x()\n\tif ‸\n\tb, err := y()\n\tif err != nil {\n\t\treturn err\n\t}\n}', model: 'err != nil {', shown: 'err != nil {', languageId: 'go' },
    { name: 'the end of a case, which the next one has too', document: 'switch (x) {\n    case 1:\n        a();\n        ‸\n    case 2:\n        b();\n        break;\n}', model: 'break;', shown: 'break;', languageId: 'java' },
    { name: 'the end of a method before a short one', document: 'class A\n  def a\n    1\n  ‸\n\n  def b\n    2\n  end\nend', model: 'end', shown: 'end', languageId: 'ruby' },
    { name: 'the end of a loop before a short one', document: 'for a in b; do\n  c\n‸\n\nfor d in e; do\n  f\ndone', model: 'done', shown: 'done', languageId: 'shellscript' },
    { name: 'the end of a callback before a short one', document: "it('a', () => {\n  foo();\n‸\n\nit('b', () => {\n  bar();\n});", model: '});', shown: '});' },
  ],
  'a line that says the opposite of the next one': [
    { name: 'the end of a tag before the beginning of another', document: '<main>\n  <section>\n    a\n  ‸\n  <section>\n    b\n  </section>\n</main>', model: '</section>', shown: '</section>', languageId: 'html' },
    { name: 'the same, begun', document: 'return (\n  <List>\n    <ListItem>\n      a\n    </‸\n    <ListItem>\n      b\n    </ListItem>\n  </List>\n);', model: 'ListItem>', shown: 'ListItem>', languageId: 'typescriptreact' },
    { name: 'a condition before its opposite', document: '{\n  if (‸\n  if (isReady(a)) go(a);\n}', model: '!isReady(a)) go(a);', shown: '!isReady(a)) go(a);' },
  ],
  'several lines that begin as the next line': [
    { name: 'an annotation', document: 'class T {\n    // Adds.\n    ‸\n\n    @Test\n    void b() {\n    }\n}', model: '@Test\n    void adds() {\n        assertEquals(2, 1 + 1);\n    }', shown: '@Test\n    void adds() {\n        assertEquals(2, 1 + 1);\n    }', multiline: true, languageId: 'java' },
    { name: 'an attribute', document: 'mod tests {\n    // Adds.\n    ‸\n\n    #[test]\n    fn b() {\n    }\n}', model: '#[test]\n    fn adds() {\n        a();\n    }', shown: '#[test]\n    fn adds() {\n        a();\n    }', multiline: true, languageId: 'rust' },
    { name: 'a head', document: 'def f():\n    # Reads.\n    ‸\n    try:\n        b()\n    except X:\n        pass', model: 'try:\n        a()', shown: 'try:\n        a()', multiline: true, languageId: 'python' },
    { name: 'a tag', document: '<ul>\n  ‸\n  <li>\n    b\n  </li>\n</ul>', model: '<li>\n    a\n  </li>', shown: '<li>\n    a\n  </li>', multiline: true, languageId: 'html' },
    { name: 'a comment', document: 'class T {\n  ‸\n\n  /**\n   * Takes away.\n   */\n  b() {}\n}', model: '/**\n   * Adds.\n   */', shown: '/**\n   * Adds.\n   */', multiline: true },
    { name: 'but not a statement, whatever they go on with', document: '// Sum of all\n‸\n\nconst total = sum(items);\nconsole.log(total);', model: 'const total = sum(items);\nreturn total;', shown: '', multiline: true },
    { name: 'and go on as it does are nothing', document: 'class T {\n    // Adds.\n    ‸\n\n    @Test\n    void adds() {\n    }\n}', model: '@Test\n    void adds() {\n        a();\n    }', shown: '', multiline: true, languageId: 'java' },
    { name: 'and go on as it does behind an empty line are nothing', document: '{\n  ‸\n  return first(a);\n\n  return second(b);\n}', model: 'return first(a);\n  return second(b);', shown: '', multiline: true },
    { name: 'and more than the document has are nothing', document: '‸\nmain(args);', model: 'main(args);\nother(args);', shown: '', multiline: true },
  ],
});
