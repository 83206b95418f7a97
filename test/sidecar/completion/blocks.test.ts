import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBehindHead } from '../../../sidecar/completion/blocks.ts';
import { cursorAt } from './cursorAt.ts';

type Place = readonly [languageId: string, document: string];

const heads: readonly Place[] = [
  ['typescript', 'if (a) {‸}'],
  ['typescript', 'if (a){‸}'],
  ['typescript', 'list.forEach((x) => {‸})'],
  ['typescript', '  async load(): Promise<void> {‸}'],
  ['typescript', '  type(): vscode.Uri {‸}'],
  ['typescript', 'export default class A extends B {‸}'],
  ['typescript', '} else {‸}'],
  ['typescript', 'try {‸}'],
  ['typescript', 'if (a) { ‸'],
  ['go', 'func f() error {‸}'],
  ['go', 'func (s *S) F() http.Handler {‸}'],
  ['go', 'if err != nil {‸}'],
  ['go', 'for i := 0; i < 3; i++ {‸}'],
  ['go', 'type A struct {‸}'],
  ['rust', 'pub(crate) fn f(&self) -> io::Result<()> {‸}'],
  ['rust', 'impl<T> A for B<T> {‸}'],
  ['rust', 'let a = match b {‸}'],
  ['rust', 'if let Some(a) = b {‸}'],
  ['java', 'void f() throws IOException {‸}'],
  ['cpp', 'template <typename T> class A {‸};'],
  ['cpp', 'int size() const {‸}'],
  ['cpp', 'namespace a {‸}'],
  ['swift', 'do {‸}'],
  ['css', '.a {‸}'],
  ['python', 'def f():‸'],
];

const others: readonly Place[] = [
  ['csharp', 'public string Name { ‸ }'],
  ['csharp', 'public string Name {‸}'],
  ['go', 'x := []string{‸}'],
  ['go', 'p := Point{‸}'],
  ['go', 'ch := make(chan struct{‸})'],
  ['go', 'done chan struct{‸}'],
  ['go', 'for _, x := range []string{‸}'],
  ['kotlin', 'list.map { ‸ }'],
  ['kotlin', 'list.map {‸}'],
  ['kotlin', 'f(a)?.let {‸}'],
  ['rust', 'let p = Point { ‸ };'],
  ['rust', 'let p = Point {‸};'],
  ['java', 'new int[] {‸};'],
  ['cpp', 'int x{‸};'],
  ['cpp', 'Foo() : a_{‸} {}'],
  ['typescript', 'const f = () => { ‸ }'],
  ['typescript', 'if (a) { ‸ }'],
  ['typescript', 'function f(): { ‸ }'],
  ['typescript', 'import {‸}'],
  ['css', '.a { ‸ }'],
  ['python', 'a[1:‸]'],
];

describe('A body begins on the next line', () => {
  for (const [languageId, document] of heads) test(`${languageId}: ${document}`, () => assert.equal(isBehindHead(cursorAt(document, languageId)), true));
});

describe('A line may go on', () => {
  for (const [languageId, document] of others) test(`${languageId}: ${document}`, () => assert.equal(isBehindHead(cursorAt(document, languageId)), false));
});
