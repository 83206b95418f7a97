import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { declaredName, holdsName } from '../../../../sidecar/chat/edit/declaredName.ts';

describe('declaredName', () => {
  const lines: readonly (readonly [line: string, name: string | undefined])[] = [
    ['export async function load(path: string): Promise<string> {', 'load'],
    ['function* walk(tree) {', 'walk'],
    ['export const sum = (a: number, b: number): number => {', 'sum'],
    ['export default class Größe extends Base {', 'Größe'],
    ['  private readonly find<Item>(items: Item[]): Item | undefined {', 'find'],
    ['def __init__(self, path: str) -> None:', '__init__'],
    ['func (store *Store) Load(path string) error {', 'Load'],
    ['pub fn load(path: &Path) -> String {', 'load'],
    ['public static int count(List<String> words) throws IOException {', 'count'],
    ['void reset() {', 'reset'],
    ['export default function (path) {', undefined],
    ['if (isReady()) {', undefined],
    ['@Override', undefined],
  ];
  for (const [line, name] of lines)
    it(`finds ${name ?? 'none'} in "${line.trim()}"`, () => assert.equal(declaredName(line), name));

  it('matches whole words only', () => {
    assert.equal(holdsName('function load(path) {', 'load'), true);
    assert.equal(holdsName('function loadAll(path) {', 'load'), false);
  });
});
