import { type Case, testShown } from './shownCases.ts';

const whole = (name: string, languageId: string, document: string, model: string): Case => ({
  name,
  languageId,
  document,
  model,
  shown: model,
  multiline: true,
});

const goCall = (name: string): string =>
  `\t${name}, err := read(f)\n\tif err != nil {\n\t\treturn nil, nil, err\n\t}\n`;
const method = (name: string): string => `    def ${name}(self):\n        raise NotImplementedError\n`;
const option = (name: string): string => `parser.add_argument(\n        "--${name}", type=int\n    )\n`;
const field = (name: string): string => `    #[serde(default)]\n    ${name}: String,\n`;
const cell = (name: string): string => `      <td className="px-4 py-2">\n        {${name}}\n      </td>\n`;

testShown({
  'keeps a repeated line that': [
    whole(
      'checks an error',
      'go',
      'func load() (*A, *B, error) {‸',
      `\n${goCall('a')}${goCall('b')}${goCall('c')}\treturn a, b, nil\n}`,
    ),
    whole(
      'is the body of methods',
      'python',
      'class Base:‸',
      `\n${method('a')}\n${method('b')}\n${method('c')}`.trimEnd(),
    ),
    whole(
      'is the result of cases',
      'typescript',
      'switch (x) {‸',
      '\n  case "a":\n    return undefined;\n  case "b":\n    return undefined;\n  case "c":\n    return undefined;\n}',
    ),
    whole(
      'opens elements',
      'typescriptreact',
      'return (\n    ‸',
      `<tr>\n${cell('a')}${cell('b')}${cell('c')}    </tr>`,
    ),
    whole('opens calls', 'python', 'def f():\n    ‸', [option('a'), option('b'), option('c')].join('    ').trimEnd()),
    whole(
      'checks an error six times',
      'go',
      'func load() error {‸',
      `\n${['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(goCall).join('')}\treturn nil\n}`,
    ),
    whole(
      'is the body of six methods',
      'python',
      'class Base:‸',
      `\n${['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(method).join('\n')}`.trimEnd(),
    ),
    whole(
      'occurs three times between numbered lines',
      'python',
      'def f():\n    ‸',
      [1, 2, 3]
        .map((n) => `assertEqual(a${n}, ${n})\n    check_everything(value)\n`)
        .join('    ')
        .trimEnd(),
    ),
    whole('is an attribute', 'rust', 'struct Config {‸', `\n${field('a')}${field('b')}${field('c')}}`),
  ],
  'lines that repeat together': [
    {
      name: 'end after their first occurrence',
      languageId: 'python',
      document: 'def f():\n    ‸',
      model:
        'start()\n    if a:\n        return compute_total(a)\n    if a:\n        return compute_total(a)\n    if a:\n        return compute_total(a)\n    if a:',
      shown: 'start()\n    if a:\n        return compute_total(a)',
      multiline: true,
    },
    {
      name: 'end after their first occurrence if they repeat six times with other numbers',
      languageId: 'python',
      document: 'def f():\n    ‸',
      model: Array.from({ length: 12 }, (_, n) => `assertEqual(a${n}, ${n})\n    check_everything(value)\n`).join(
        '    ',
      ),
      shown: 'assertEqual(a0, 0)\n    check_everything(value)',
      multiline: true,
    },
    {
      name: 'end after their first occurrence with different lines in between',
      languageId: 'python',
      document: 'def f():\n    ‸',
      model: 'a.first_call(x, y)\n    b()\n    a.first_call(x, y)\n    c()\n    '.repeat(3).trimEnd(),
      shown: 'a.first_call(x, y)\n    b()\n    a.first_call(x, y)\n    c()',
      multiline: true,
    },
  ],
});
