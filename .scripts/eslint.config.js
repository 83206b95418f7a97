import eslint from '@eslint/js';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export default tseslint.config(
  {
    ignores: [
      '**/node_modules/',
      '**/test/host/workspace/',
      '**/dist/',
      '**/.cache/',
      '**/*.js',
      '**/*.mjs',
      '**/*.cjs',
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: false }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-restricted-syntax': [
        'error',
        {
          // One style of privacy. Only constructors and parameter properties have no `#` form.
          selector: ":matches(PropertyDefinition, MethodDefinition[kind!='constructor'])[accessibility='private']",
          message: 'Private members begin with #.',
        },
        {
          // Desktop VS Code's runtime forbids ArrayBuffers over foreign memory: copy through owned Buffers.
          selector: "CallExpression[callee.object.name='koffi'][callee.property.name='view']",
          message:
            'koffi.view() makes an external ArrayBuffer, which desktop VS Code forbids. Copy into an owned Buffer.',
        },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      // Prettier breaks long code. This rule finds long comments.
      'max-len': [
        'error',
        { code: 120, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true },
      ],
    },
  },
  { files: ['**/test/**', '**/.scripts/**', '**/sidecar/cli/**'], rules: { 'no-console': 'off' } },
  {
    // node:test's `test()` and `describe()` return promises that the runner itself awaits.
    files: ['**/test/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          ignoreVoid: false,
          allowForKnownSafeCalls: [
            {
              from: 'package',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
              package: 'node:test',
            },
          ],
        },
      ],
    },
  },
);
