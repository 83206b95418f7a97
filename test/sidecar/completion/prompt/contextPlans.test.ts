import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContextPlans, type ContextRequest } from '../../../../sidecar/completion/prompt/contextPlans.ts';
import { RankedFiles } from '../rankedFiles.ts';

const MAIN = { clientKey: 'client', uri: 'main.py' };
const OTHER = { clientKey: 'client', uri: 'other.py' };

class Setting {
  nowMs = 0;
  readonly files = new RankedFiles();
  readonly plans = new ContextPlans(() => this.nowMs);

  /** The engine holds the sequence of `main.py` by default. */
  request(
    options: Partial<Pick<ContextRequest, 'base' | 'budgetTokens' | 'spareTokens' | 'cheapTokens' | 'isReadAhead'>> & {
      uri?: string;
    } = {},
  ): ContextRequest {
    const {
      uri = MAIN.uri,
      base = MAIN.uri,
      budgetTokens = 1_000,
      spareTokens = 1_000,
      cheapTokens = 0,
      isReadAhead = true,
    } = options;
    return {
      clientKey: 'client',
      base,
      workspace: this.files,
      query: { uri, path: uri, languageId: 'python', text: '', offset: 0 },
      budgetTokens,
      spareTokens,
      cheapTokens,
      isReadAhead,
      documentTokens: 50,
      tokenize: async () => new Array<number>(100).fill(0),
    };
  }

  async prompt(options: Parameters<Setting['request']>[0] = {}): Promise<string> {
    return (await this.plans.forPrompt(this.request(options))).map(({ snippet }) => snippet.path).join(' ');
  }

  /** The context that the user is shown for a document: files, and whether they are evaluated. */
  shown(document = MAIN): [path: string, isRead: boolean][] {
    const { snippets, isRead } = this.plans.read(document);
    return snippets.map((planned) => [planned.snippet.path, isRead(planned)]);
  }

  /** Lets time pass until a ranking in the background has ended. */
  async later(milliseconds: number): Promise<void> {
    this.nowMs += milliseconds;
    await this.prompt();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the workspace context of prompts', () => {
  it('is ranked with the first completion in a document, and keystrokes do not wait for a later ranking', async () => {
    const setting = new Setting();
    await setting.prompt();
    await setting.prompt();
    assert.equal(setting.files.rankings, 1);
    await setting.later(2_000);
    assert.equal(setting.files.rankings, 2);
  });

  it('is ranked once at a time, and of the waiting rankings only the newest runs', async () => {
    const setting = new Setting();
    await setting.prompt();
    let goOn = (): void => undefined;
    setting.files.pace = new Promise((resolve) => (goOn = resolve));
    for (let keystroke = 0; keystroke < 5; keystroke++) await setting.later(2_000);
    const others = ['b.py', 'c.py', 'd.py'].map((uri) => setting.plans.forReadingAhead(setting.request({ uri })));
    assert.deepEqual(setting.files.asked, ['main.py', 'main.py']);
    goOn();
    await Promise.all(others);
    assert.deepEqual(setting.files.asked, ['main.py', 'main.py', 'd.py']);
  });

  it('stays the same while a user waits, and changes while no user waits', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    assert.equal(await setting.prompt(), 'a');
    setting.files.ranking = ['b', 'a'];
    await setting.later(2_000);
    assert.equal(await setting.prompt(), 'a');
    const ahead = await setting.plans.forReadingAhead(setting.request());
    assert.deepEqual(
      ahead.map(({ snippet }) => snippet.path),
      ['a', 'b'],
    );
    assert.equal(setting.plans.isRead(MAIN, ahead), false);
    assert.deepEqual(setting.shown(), [
      ['a', true],
      ['b', false],
    ]);
    setting.plans.readAhead(MAIN, ahead, 200);
    assert.equal(setting.plans.isRead(MAIN, ahead), true);
    assert.deepEqual(setting.shown(), [
      ['a', true],
      ['b', true],
    ]);
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a b');
  });

  it('does not show snippets as pending after the budget became too small for them', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    assert.equal(await setting.prompt({ spareTokens: 0 }), '');
    setting.plans.readAhead(MAIN, await setting.plans.forReadingAhead(setting.request()), 100);
    setting.files.ranking = ['a', 'b', 'c'];
    setting.plans.readAhead(MAIN, await setting.plans.forReadingAhead(setting.request()), 100);
    assert.deepEqual(setting.shown(), [
      ['a', true],
      ['c', false],
      ['b', false],
    ]);
    const fewer = await setting.plans.forReadingAhead(setting.request({ budgetTokens: 100 }));
    assert.equal(setting.plans.isRead(MAIN, fewer), true);
    setting.plans.readAhead(MAIN, fewer, 100);
    assert.deepEqual(setting.shown(), [['a', true]]);
  });

  it('stays within the budget when a new plan replaces a plan that was not read', async () => {
    const setting = new Setting();
    const planned = (): number => setting.plans.read(MAIN).plannedTokens;
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt({ spareTokens: 100, budgetTokens: 200 }), 'a');
    assert.deepEqual(
      [setting.shown(), planned()],
      [
        [
          ['b', false],
          ['a', true],
        ],
        200,
      ],
    );
    setting.files.ranking = ['c', 'd'];
    setting.files.changed.add('b');
    const ahead = await setting.plans.forReadingAhead(setting.request({ budgetTokens: 200 }));
    assert.deepEqual(
      ahead.map(({ snippet }) => snippet.path),
      ['d', 'c'],
    );
    assert.deepEqual(
      [setting.shown(), planned()],
      [
        [
          ['a', true],
          ['d', false],
          ['c', false],
        ],
        200,
      ],
      'evaluated snippets stay until then',
    );
  });

  it('loses snippets chosen before everything was indexed if the whole index does not name them', async () => {
    const setting = new Setting();
    setting.files.isWhole = false;
    setting.files.ranking = ['guess', 'a'];
    assert.equal(await setting.prompt(), 'a guess');
    setting.files.isWhole = true;
    setting.files.ranking = ['b', 'a'];
    await setting.later(2_000);
    assert.deepEqual(
      (await setting.plans.forReadingAhead(setting.request())).map(({ snippet }) => snippet.path),
      ['a', 'b'],
    );
  });

  it('is read ahead in parts in a stable order, and used by prompts once it is complete', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['b', 'a'];
    const first = await setting.plans.forReadingAhead(setting.request());
    assert.equal(await setting.prompt({ spareTokens: 500 }), 'a');
    setting.files.ranking = ['b', 'c', 'a'];
    const second = await setting.plans.forReadingAhead(setting.request());
    assert.deepEqual(
      [first, second].map((ahead) => ahead.map(({ snippet }) => snippet.path).join(' ')),
      ['a b', 'a b c'],
    );
    assert.equal(setting.plans.readAhead(MAIN, first, 200), false);
    assert.equal(setting.plans.readAhead(MAIN, second, 300), true);
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a b c');
  });

  it('of another document does not contain a plan that was only begun', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['b', 'a'];
    await setting.plans.forReadingAhead(setting.request());
    setting.files.ranking = ['b', 'c', 'a'];
    const other = await setting.plans.forReadingAhead(setting.request({ uri: 'other.py' }));
    assert.deepEqual(
      other.map(({ snippet }) => snippet.path),
      ['a', 'c', 'b'],
    );
    assert.equal(setting.plans.isRead(OTHER, other.slice(0, 1)), true);
    assert.equal(setting.plans.isRead(OTHER, []), false, 'the engine holds more');
  });

  it('keeps its evaluated part if only files that are not evaluated go away', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt(), 'b a');
    setting.files.ranking = ['a', 'b', 'x'];
    await setting.later(2_000);
    setting.plans.readAhead(MAIN, await setting.plans.forReadingAhead(setting.request()), 200);
    setting.files.gone.add('x');
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'b a');
  });

  it('does not change if a ranking ends only after the user typed on: the plan waits for the next pause', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['b', 'a'];
    const typing = new AbortController();
    const ahead = setting.plans.forReadingAhead({ ...setting.request(), signal: typing.signal });
    typing.abort();
    assert.deepEqual(await ahead, []);
    assert.equal(await setting.prompt(), 'a');
    assert.equal(await setting.prompt({ cheapTokens: 500 }), 'a b');
  });

  it('is not the ranking of the document that the user left', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['a', 'b'];
    let goOn = (): void => undefined;
    setting.files.pace = new Promise((resolve) => (goOn = resolve));
    const ahead = setting.plans.forReadingAhead({ ...setting.request(), signal: AbortSignal.abort() });
    assert.equal(await setting.prompt({ uri: 'other.py' }), 'a', 'does not wait for the ranking');
    setting.files.ranking = ['c'];
    goOn();
    await ahead;
    assert.equal(await setting.prompt({ uri: 'other.py', cheapTokens: 500 }), 'a c');
  });

  it('counts a prompt’s snippets as evaluated, not those of an earlier reading ahead', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['b', 'a'];
    const ahead = await setting.plans.forReadingAhead(setting.request());
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a');
    setting.plans.readAhead(MAIN, ahead, 200);
    assert.equal(setting.plans.isRead(MAIN, ahead), false);
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a');
  });

  it('of a document stays the same and costs nothing when the user comes back while the engine holds it', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt(), 'b a');
    setting.files.ranking = ['c'];
    assert.equal(await setting.prompt({ uri: 'other.py' }), 'b a c', 'begins with the evaluated snippets');
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'b a');
    assert.equal(await setting.prompt({ uri: 'other.py', base: 'other.py', spareTokens: 0 }), 'b a c');
    assert.equal(setting.files.rankings, 2, 'is not ranked again at once');
  });

  it('of a document that the engine no longer holds begins with the snippets of the previous document', async () => {
    for (const isTold of [true, false]) {
      const setting = new Setting();
      setting.files.ranking = ['a'];
      await setting.prompt();
      setting.files.ranking = ['c'];
      assert.equal(await setting.prompt({ uri: 'other.py' }), 'a c');
      if (isTold) setting.plans.lost(MAIN);
      setting.files.ranking = ['b'];
      assert.equal(await setting.prompt({ base: 'other.py' }), 'a c b');
    }
  });

  describe('of a document that the user comes to', () => {
    /** The snippets `a b c` were read for `main.py`. Then the ranking is `d c`. */
    const comeFrom = async (): Promise<Setting> => {
      const setting = new Setting();
      setting.files.ranking = ['c', 'b', 'a'];
      assert.equal(await setting.prompt(), 'a b c');
      setting.files.ranking = ['d', 'c'];
      return setting;
    };

    it('begins with the evaluated snippets until a pause, even if they come from the document itself or are outdated', async () => {
      for (const [uri, changed] of [
        ['a', undefined],
        ['other.py', 'a'],
      ] as const) {
        const setting = await comeFrom();
        if (changed !== undefined) setting.files.changed.add(changed);
        setting.files.ranking.push('a');
        assert.equal(await setting.prompt({ uri, spareTokens: 100 }), 'a b c d', uri);
        const own = uri === 'a' ? [] : [['a', false] as const];
        assert.deepEqual(
          setting.shown({ clientKey: 'client', uri }),
          [['a', true], ['b', true], ['c', true], ...own, ['d', true]],
          uri,
        );
        const ahead = await setting.plans.forReadingAhead(setting.request({ uri }));
        assert.deepEqual(
          ahead.map(({ snippet }) => snippet.path),
          ['b', 'c', ...own.map(([name]) => name), 'd'],
          uri,
        );
      }
    });

    it('is its own plan at once if it can be evaluated now, or if reading ahead is off', async () => {
      for (const options of [{ spareTokens: 300 }, { spareTokens: 100, isReadAhead: false }]) {
        const setting = await comeFrom();
        assert.equal(await setting.prompt({ uri: 'a', ...options }), options.spareTokens === 300 ? 'b c d' : 'd');
      }
    });

    it('starts again if its own plan has no evaluated snippet', async () => {
      const setting = await comeFrom();
      setting.files.ranking = ['f', 'e', 'd'];
      assert.equal(await setting.prompt({ uri: 'other.py', budgetTokens: 300, spareTokens: 100 }), 'f');
    });

    it('has no snippet of files that were removed during or after its ranking', async () => {
      const setting = await comeFrom();
      let goOn = (): void => undefined;
      setting.files.pace = new Promise((resolve) => (goOn = resolve));
      const prompt = setting.prompt({ uri: 'a', spareTokens: 100 });
      setting.files.gone.add('c');
      goOn();
      assert.equal(await prompt, 'a b d');
      setting.files.gone.add('b');
      assert.equal(await setting.prompt({ uri: 'a', base: 'a', spareTokens: 0 }), '');
    });

    it('takes its spare tokens once, though two requests wait for its ranking', async () => {
      const setting = await comeFrom();
      setting.files.ranking = ['e', 'd', 'c'];
      let goOn = (): void => undefined;
      setting.files.pace = new Promise((resolve) => (goOn = resolve));
      const prompts = [setting.prompt({ uri: 'a', spareTokens: 100 }), setting.prompt({ uri: 'a', spareTokens: 100 })];
      goOn();
      assert.deepEqual(await Promise.all(prompts), ['a b c e', 'a b c e']);
    });

    it('has no unread snippet of the document itself', async () => {
      const setting = new Setting();
      setting.files.ranking = ['a', 'b'];
      assert.equal(await setting.prompt({ spareTokens: 0 }), '');
      assert.equal(await setting.prompt({ uri: 'a', spareTokens: 100 }), 'b');
    });
  });

  it('of a document that is only viewed can be read ahead without a change in the others', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['c'];
    const ahead = await setting.plans.forReadingAhead(setting.request({ uri: 'other.py' }));
    assert.deepEqual(
      ahead.map(({ snippet }) => snippet.path),
      ['a', 'c'],
    );
    assert.deepEqual(setting.shown(OTHER), [
      ['a', false],
      ['c', false],
    ]);
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a', 'the user types on in the first document');
    assert.equal(setting.plans.readAhead(OTHER, ahead, 200), true);
    assert.deepEqual(setting.shown(OTHER), [
      ['a', true],
      ['c', true],
    ]);
    assert.equal(await setting.prompt({ spareTokens: 0 }), 'a');
    assert.equal(await setting.prompt({ uri: 'other.py', base: 'other.py', spareTokens: 0 }), 'a c');
  });

  it('changes at once if that causes no noticeable delay', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a'];
    await setting.prompt();
    setting.files.ranking = ['b', 'a'];
    await setting.later(2_000);
    assert.equal(await setting.prompt({ cheapTokens: 500 }), 'a b');
  });

  it('takes late snippets if there were none', async () => {
    const setting = new Setting();
    assert.equal(await setting.prompt(), '');
    setting.files.ranking = ['a'];
    await setting.later(2_000);
    assert.equal(await setting.prompt(), 'a');
  });

  it('takes only the tokens that may be evaluated while a user waits, and the same with the next keystroke', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a', 'b', 'c'];
    assert.equal(await setting.prompt({ spareTokens: 250 }), 'b a');
    assert.equal(await setting.prompt({ spareTokens: 110 }), 'b a');
  });

  it('loses a file at once that is deleted or may no longer be read', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt(), 'b a');
    setting.files.gone.add('b');
    assert.equal(await setting.prompt(), 'a');
  });

  it('loses outdated snippets with the next ranking, and keeps those that are found again', async () => {
    const setting = new Setting();
    setting.files.ranking = ['a', 'b'];
    assert.equal(await setting.prompt(), 'b a');
    setting.files.revision++;
    setting.files.ranking = ['a', 'c'];
    await setting.later(2_000);
    assert.equal(await setting.prompt({ cheapTokens: 500 }), 'a c');
    setting.files.ranking = ['c'];
    await setting.later(2_000);
    assert.equal(
      await setting.prompt({ cheapTokens: 500 }),
      'a c',
      'the snippet that was found again is of the new text',
    );
  });

  it('never contains the document itself', async () => {
    const setting = new Setting();
    setting.files.ranking = ['main.py', 'a'];
    assert.equal(await setting.prompt(), 'a');
    assert.equal(await setting.prompt({ uri: 'a' }), 'main.py');
  });
});
