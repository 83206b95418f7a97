import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isBehindHead } from '../../../sidecar/syntax/blocks.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';
import { cursorAt } from '../completion/cursorAt.ts';

type Place = readonly [languageId: string, document: string];

const heads: readonly Place[] = [
  ['typescript', 'if (a) {‸}'],
  ['typescript', 'if (a){‸}'],
  ['typescript', 'list.forEach((x) => {‸})'],
  ['typescript', 'a.filter((x) => x < 3).map((y) => {‸})'],
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
  ['java', 'items.forEach(x -> {‸});'],
  ['java', 'Runnable r = () -> {‸};'],
  ['java', '    case FOO -> {‸'],
  ['cpp', 'std::sort(a, b, [&] {‸});'],
  ['cpp', 'auto f = [this, &x] {‸};'],
  ['cpp', 'template <typename T = int> class A {‸};'],
  ['cpp', 'class A{‸};'],
  ['typescript', 'class A<T = string> {‸}'],
  ['typescript', 'class A<T = Map<string, B>> extends C<T> {‸}'],
  ['typescript', 'foo = class A {‸}'],
  ['typescript', 'return class extends A {‸}'],
  ['rust', 'impl<T> A for B<T> where T: Foo {‸}'],
  ['rust', '    where T: Foo {‸'],
  ['proto3', 'message Foo {‸}'],
  ['gradle', 'dependencies {‸}'],
  ['groovy', '    plugins {‸}'],
  ['dart', 'base mixin A on B {‸}'],
  ['swift', 'public actor A {‸}'],
  ['solidity', 'contract A is B {‸}'],
  ['graphql', 'type Query {‸}'],
  ['css', '.a {‸}'],
  ['python', 'def f():‸'],
  ['python', 'def f(\n    a: int,\n) -> int:‸'],
  ['python', 'for a in [\n    b,\n]:‸'],
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
  ['csharp', '    string Name {‸}'],
  ['cpp', '  int x {‸};'],
  ['go', 'tests := map[string]struct{‸}'],
  ['rust', '    Point {‸}'],
  ['go', 'return []string{‸}'],
  ['java', 'int[] a = {‸};'],
  ['typescript', '  return {‸}'],
  ['typescript', 'const a = {‸}'],
  ['typescriptreact', '<div class={‸}'],
  ['swift', 'list.map { ‸ }'],
  ['css', '.a { ‸ }'],
  ['python', 'a[1:‸]'],
];

describe('isBehindHead is true behind a head', () => {
  for (const [languageId, document] of heads)
    test(`${languageId}: ${document}`, () => assert.equal(isBehindHead(cursorAt(document, languageId)), true));
});

describe('isBehindHead is false where the line may continue', () => {
  for (const [languageId, document] of others)
    test(`${languageId}: ${document}`, () => assert.equal(isBehindHead(cursorAt(document, languageId)), false));
});

describe('isBehindHead takes bounded time', () => {
  const long: readonly (readonly [languageId: string, repeated: string, end: string])[] = [
    ['typescript', 'fn ', 'x{‸'],
    ['typescript', '): a', '{‸'],
    ['typescript', '<', ' {‸'],
    ['cpp', '[ ', '] {‸'],
  ];
  for (const [languageId, repeated, end] of long) {
    test(`${languageId}: ${repeated.repeat(4)}…`, () =>
      assertGrowsLinearly(64_000, (length) =>
        isBehindHead(cursorAt(`${repeated.repeat(length / repeated.length)}${end}`, languageId)),
      ));
  }
});
