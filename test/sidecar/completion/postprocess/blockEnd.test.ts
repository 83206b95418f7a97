import { type Case, testShown } from './shownCases.ts';

/** A case whose model says nothing but what belongs to the block. */
const whole = (name: string, languageId: string, document: string, model: string): Case => ({ name, languageId, document, model, shown: model, multiline: true });

testShown({
  'lines of a block as far left as its head': [
    whole('cases of Go', 'go', 'func f(x string) int {\n\tswitch x {‸\n\t}\n}', '\n\tcase "a":\n\t\treturn 1\n\tdefault:\n\t\treturn 0'),
    whole('cases of C, and its closer', 'c', 'int f(int x)\n{\n\tswitch (x) {‸\n}', '\n\tcase 1: {\n\t\treturn 1;\n\t}\n\tdefault:\n\t\treturn 0;\n\t}'),
    whole('who may see a member', 'cpp', 'class Foo {‸\n};', '\npublic:\n    Foo();\n    ~Foo();\n\nprivate:\n    int x_;'),
    whole('the contents of a namespace', 'cpp', 'namespace foo {‸', '\n\nint f();\n\nvoid g() {\n  f();\n}\n\n}  // namespace foo'),
    whole('what is linked as C', 'c', 'extern "C" {‸', '\nint f();\nint g();\n}'),
    whole('directives', 'c', 'int f(void) {‸\n}', '\n    a();\n#ifdef DEBUG\n    b();\n#endif\n    return 0;'),
    whole('directives in a body that is begun', 'c', 'int f(void) {\n    // Says it.\n    ‸\n}', 'a();\n#ifdef DEBUG\n    b();\n#endif\n    return 0;'),
    whole('a label to jump to', 'c', 'int f(void) {‸\n}', '\n    if (a) goto out;\n    b();\nout:\n    return 0;'),
    { name: 'but not the next case of a body', languageId: 'c', document: 'case 1: {\n        ‸', model: 'a();\n        b();\n    default:\n        c();', shown: 'a();\n        b();', multiline: true },
    { name: 'but not the next case behind one', languageId: 'c', document: '    case 1:‸', model: '\n        a();\n    case 2:\n        b();', shown: '\n        a();', multiline: true },
    { name: 'but not the directive that ends it', languageId: 'c', document: '#ifdef A\nint f(void) {‸', model: '\n    a();\n}\n#endif', shown: '\n    a();\n}', multiline: true },
    { name: 'but not what no block of it is', languageId: 'typescript', document: 'function f() {‸', model: '\n  a();\nb();', shown: '\n  a();', multiline: true },
    { name: 'but not a name in another language', languageId: 'python', document: 'def f():‸', model: '\n    a()\nafter = 3\ndone.add(4)', shown: '\n    a()', multiline: true },
  ],
  'lines in a string': [
    whole('in triple quotes', 'python', 'def migrate(db):\n    ‸', 'db.execute("""\nCREATE TABLE a (\n  id INT\n)\n\n\n""")\n    db.commit()'),
    whole('in backticks', 'typescript', 'function usage() {‸\n}', '\n  console.log(`\nUsage: foo\n  -h  help\n`);'),
    whole('in a here document', 'shellscript', 'usage() {‸', '\n  cat <<EOF\nThis script builds the whole project\nEOF\n}'),
  ],
  'what goes on with a block': [
    whole('a catch', 'typescript', 'async function f() {\n  try {‸\n}', '\n    await g();\n  } catch (error) {\n    h(error);\n  } finally {\n    i();\n  }'),
    whole('an else', 'typescript', 'function f(a) {\n  if (a) {‸\n}', '\n    g();\n  } else {\n    h();\n  }'),
    whole('an else of a shell', 'shellscript', 'if [ -f "$1" ]; then‸', '\n  echo yes\nelse\n  echo no\nfi'),
    whole('an else of Ruby', 'ruby', 'def f(a)\n  if a‸\nend', '\n    1\n  else\n    2\n  end'),
    whole('a rescue', 'ruby', 'begin‸', '\n  foo\nrescue StandardError => e\n  puts e\nend'),
    whole('an except', 'python', 'try:‸', '\n    a()\nexcept ValueError:\n    b()'),
    whole('a body behind parameters on lines of their own', 'python', 'def f(‸', '\n    a: int,\n) -> int:\n    return a'),
    { name: 'up to the next block', languageId: 'typescript', document: 'if (a) {‸', model: '\n  b();\n} else {\n  c();\n}\nif (d) {\n  e();\n}', shown: '\n  b();\n} else {\n  c();\n}', multiline: true },
    { name: 'up to what the document has of it', languageId: 'typescript', document: 'if (a) {‸\n} else {\n  c();\n}', model: '\n  b();\n} else {\n  d();\n}', shown: '\n  b();', multiline: true },
    { name: 'up to the closer that the document has', languageId: 'typescript', document: 'if (a) {‸}', model: '\n  b();\n} else {\n  c();\n}', shown: '\n  b();\n', multiline: true },
  ],
  'what would go on with a block and was cut off': [
    { name: 'behind an else', languageId: 'typescript', document: 'if (a) {‸\n}', model: '\n  b();\n} else {\n', shown: '\n  b();', multiline: true },
    { name: 'behind an else of Python', languageId: 'python', document: 'if a:‸', model: '\n    b()\nelse:\n    c(', shown: '\n    b()', multiline: true, cutOff: true },
    whole('but not what a line says to the end', 'ruby', 'case a‸\nend', '\nwhen 1 then b\nwhen 2 then c'),
  ],
  'closers with something behind them': [
    whole('the condition of a loop', 'c', 'do {‸', '\n  a();\n} while (x);'),
    whole('the name of a type', 'c', 'typedef struct {‸', '\n  int a;\n} Foo;'),
    whole('a call of what it is', 'javascript', '(function () {‸', '\n  foo();\n})();'),
    whole('a call of Go', 'go', 'func f() {\n\tgo func() {‸\n}', '\n\t\tdefer wg.Done()\n\t}()'),
    whole('another call', 'typescript', 'const a = foo.map((x) => {‸', '\n  return x;\n}).filter(Boolean);'),
    whole('a type', 'typescript', 'export const a = {‸', '\n  b: 1,\n} as const;'),
    whole('a bracket behind a word', 'lua', 'foo(function()‸', '\n  bar()\nend)'),
    whole('where a loop reads from', 'shellscript', 'while read a; do‸', '\n  b\ndone < "$1"'),
  ],
});
