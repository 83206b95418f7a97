import { type Case, testShown } from './shownCases.ts';

/** A case whose model says nothing but what belongs to the block. */
const whole = (name: string, languageId: string, document: string, model: string): Case => ({ name, languageId, document, model, shown: model, multiline: true });

/** A case whose model goes on behind the block. */
const ends = (name: string, languageId: string, document: string, shown: string, next: string): Case => ({ name, languageId, document, model: shown + next, shown, multiline: true });

testShown({
  'lines of a block as far left as its head': [
    whole('cases of Go', 'go', 'func f(x string) int {\n\tswitch x {‸\n\t}\n}', '\n\tcase "a":\n\t\treturn 1\n\tdefault:\n\t\treturn 0'),
    ends('a case, which closes nothing', 'go', 'switch a {\ncase 1:‸', '\n\tb()\n\tc()', '\n}\nd()'),
    ends('a case before the next one', 'typescript', 'switch (a) {\n  case 1:‸\n}', '\n    b();\n    break;', '\n  default:\n    c();\n}'),
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
  'what only looks like a string of several lines': [
    ends('a backtick in a string of the head', 'typescript', "if (line.startsWith('```')) {‸", '\n  return true;\n}', '\nnext();\n'),
    ends('a backtick in a string', 'typescript', 'function f(s) {‸', "\n  return s.split('`').length;\n}", '\nnext();\n'),
    ends('a backtick in a string of Python', 'python', 'def f(s):‸', "\n    return s.replace('`', '')", '\n\ndef g():\n'),
    ends('three quotes in a string', 'python', 'def f(line):\n    if line.startswith(\'"""\'):‸', '\n        return True', '\n    return False\n'),
    ends('a backtick in a comment', 'typescript', 'function f() {‸', '\n  // a ` mark\n  a();\n}', '\nnext();\n'),
    ends('a backtick in a block comment', 'typescript', 'function f() {‸', '\n  a(); /* a `\n  mark */\n}', '\nnext();\n'),
    ends('a backtick in a regular expression', 'typescript', 'function f(s) {‸', "\n  return s.replace(/`/g, '');\n}", '\nnext();\n'),
    ends('a backtick in a comment of Rust', 'rust', 'impl A {‸', '\n    /// A ` mark.\n    fn f() {}\n}', '\nfn g() {\n'),
    ends('a backtick in a comment of a shell', 'shellscript', 'f() {‸', '\n  # a ` mark\n  a\n}', '\nnext\n'),
    ends('a directive of SystemVerilog', 'systemverilog', 'foo {‸', '\n  `ifdef A\n  a;\n}', '\nnext;\n'),
    ends('a variant of OCaml', 'ocaml', 'let f = {‸', '\n  a = `A;\n}', '\nlet g = 1\n'),
    ends('a template in a template', 'typescript', 'function f(a) {‸', "\n  return `a ${a ? `it's` : ''}\n`;\n}", '\nnext();\n'),
    ends('a backslash before the end of a raw string', 'go', 'func f() string {‸', '\n\treturn `C:\\`\n}', '\nfunc g() {\n'),
    { name: 'a quote that never ends', languageId: 'typescriptreact', document: 'function f() {‸', model: '\n  return <p>A ` mark</p>;\n}\nnext();', shown: '\n  return <p>A ` mark</p>;\n}', multiline: true },
  ],
  'what only looks like a here document': [
    ends('a shift in a condition of a shell', 'shellscript', 'if (( flags & (1 << BIT) )); then‸', '\n  a\nfi', '\nnext\n'),
    ends('a shift in a value of a shell', 'shellscript', 'f() {‸', '\n  a=$((1<<BIT))\n}', '\nnext\n'),
    ends('a shift of PHP', 'php', 'if ($flags & (1<<FLAG_BIT)) {‸', '\n    a();\n}', '\nnext();\n'),
    ends('a shift of Ruby', 'ruby', 'def f(flags)‸', '\n  return 1 if flags & (1<<BIT)\nend', '\nnext_one\n'),
    ends('a shift of Ruby behind a name', 'ruby', 'def f(a)‸', '\n  a<<BIT\nend', '\nnext_one\n'),
    ends('one in a comment', 'shellscript', 'f() {‸', '\n  # cat <<EOF\n  a\n}', '\nnext\n'),
    whole('but not one of a command in quotes', 'shellscript', 'f() {‸', '\n  git commit -m "$(cat <<EOF\nA text\nEOF\n  )"\n}'),
    whole('but not one of PHP', 'php', 'function f() {‸', '\n    return <<<TEXT\nA text\nTEXT;\n}'),
    whole('but not one of Ruby among arguments', 'ruby', 'def f‸', '\n  run(<<~SQL, 1)\nA text\nSQL\nend'),
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
  'a branch without a brace': [
    { name: 'has its statement', languageId: 'typescript', document: 'function f(a) {\n  if (a) {‸', model: '\n    return true;\n  } else\n    return false;\n}', shown: '\n    return true;\n  } else\n    return false;', multiline: true },
    { name: 'has the brace on the next line', languageId: 'java', document: 'void f() {\n  if (a) {‸', model: '\n    b();\n  } else if (c)\n  {\n    d();\n  }\n  e();', shown: '\n    b();\n  } else if (c)\n  {\n    d();\n  }', multiline: true },
    { name: 'goes where no statement follows', languageId: 'typescript', document: 'function f(a) {\n  if (a) {‸', model: '\n    return true;\n  } else\n}', shown: '\n    return true;', multiline: true },
    { name: 'goes where it was cut off', languageId: 'typescript', document: 'function f(a) {\n  if (a) {‸', model: '\n    return true;\n  } else\n    retu', shown: '\n    return true;', multiline: true, cutOff: true },
    { name: 'ends where its statement stands beside it', languageId: 'typescript', document: 'function f(a) {\n  if (a) {‸', model: '\n    b();\n  } else return false;\n  c();', shown: '\n    b();\n  } else return false;', multiline: true },
  ],
  'what would go on with a block and was cut off': [
    { name: 'behind an else', languageId: 'typescript', document: 'if (a) {‸\n}', model: '\n  b();\n} else {\n', shown: '\n  b();', multiline: true },
    { name: 'behind an else of Python', languageId: 'python', document: 'if a:‸', model: '\n    b()\nelse:\n    c(', shown: '\n    b()', multiline: true, cutOff: true },
    whole('but not what a line says to the end', 'ruby', 'case a‸\nend', '\nwhen 1 then b\nwhen 2 then c'),
  ],
  'closers with something behind them': [
    whole('the condition of a loop', 'c', 'do {‸', '\n  a();\n} while (x);'),
    whole('the condition of a loop without a semicolon', 'kotlin', 'do {‸', '\n  a()\n} while (x)'),
    whole('the name of a type', 'c', 'typedef struct {‸', '\n  int a;\n} Foo;'),
    whole('a call of what it is', 'javascript', '(function () {‸', '\n  foo();\n})();'),
    whole('a call of Go', 'go', 'func f() {\n\tgo func() {‸\n}', '\n\t\tdefer wg.Done()\n\t}()'),
    whole('another call', 'typescript', 'const a = foo.map((x) => {‸', '\n  return x;\n}).filter(Boolean);'),
    whole('a type', 'typescript', 'export const a = {‸', '\n  b: 1,\n} as const;'),
    whole('a bracket behind a word', 'lua', 'foo(function()‸', '\n  bar()\nend)'),
    whole('where a loop reads from', 'shellscript', 'while read a; do‸', '\n  b\ndone < "$1"'),
  ],
});
