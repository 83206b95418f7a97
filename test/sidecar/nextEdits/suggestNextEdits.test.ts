import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { suggestNextEdits } from '../../../sidecar/nextEdits/suggestNextEdits.ts';
import { Trees } from '../../../sidecar/nextEdits/trees.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import type { Tree } from '../../../sidecar/syntax/treeSitter.ts';

const GRAMMARS = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
const TEXT = 'const sum = 1;\nshow(total);\n';

/** A clock that stands, apart from what the test adds. */
class Clock {
  wallMs = 0;
  processorMs = 0;

  constructor(t: TestContext) {
    t.mock.method(performance, 'now', () => this.wallMs);
    t.mock.method(process, 'cpuUsage', (before?: NodeJS.CpuUsage) => ({
      user: this.processorMs * 1_000 - (before?.user ?? 0),
      system: 0,
    }));
  }

  work(ms: number): void {
    this.wallMs += ms;
    this.processorMs += ms;
  }
}

/** Grammars whose loading, and each parse, take some time. */
class SlowGrammars extends Grammars {
  #loaded = false;

  constructor(
    private readonly onLoad: () => void,
    private readonly onParse: () => void,
  ) {
    super(GRAMMARS);
  }

  override async warm(grammar: string): Promise<void> {
    if (!this.#loaded) this.onLoad();
    this.#loaded = true;
    await super.warm(grammar);
  }

  override async parse(text: string, grammar: string): Promise<Tree | null> {
    await this.warm(grammar);
    const tree = await super.parse(text, grammar);
    this.onParse();
    return tree;
  }
}

/** Returns the kinds that follow from a renamed constant, and from a problem with a fix. */
async function kinds(grammars: Grammars): Promise<string[]> {
  const document = { uri: 'a.ts', path: 'a.ts', languageId: 'typescript', text: TEXT };
  const edit = { uri: 'a.ts', start: 6, end: 9, removed: 'total', inserted: 'sum', timeMs: 0, moment: 0 };
  const fix = { uri: 'a.ts', title: '', start: 6, end: 9, edits: [[0, 0, '// sum\n'] as const], isPreferred: true };
  const request = { edits: [edit], documents: [document], fixes: [fix] };
  return (await suggestNextEdits(request, { trees: new Trees(grammars) })).map(({ kind }) => kind);
}

const nothing = (): void => undefined;

describe('the time limit of next edits', () => {
  it('ends the search after a slow parse', async (t) => {
    const clock = new Clock(t);
    assert.deepEqual(await kinds(new SlowGrammars(nothing, () => clock.work(2_000))), ['rename']);
  });

  it('begins when the grammar is loaded', async (t) => {
    const clock = new Clock(t);
    assert.deepEqual(await kinds(new SlowGrammars(() => clock.work(2_000), nothing)), ['rename', 'diagnostic']);
  });

  it('does not count the time in which other programs keep the processor busy', async (t) => {
    const clock = new Clock(t);
    const wait = (): void => void (clock.wallMs += 2_000);
    assert.deepEqual(await kinds(new SlowGrammars(nothing, wait)), ['rename', 'diagnostic']);
  });
});
