import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type net from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { CloseCodes } from '../../../sidecar/client/connect.ts';
import { ensureHome, homeFolder } from '../../../sidecar/common/home.ts';
import { findOrStart, findRunning } from '../../../sidecar/client/launch.ts';
import type { LaunchOptions } from '../../../sidecar/client/launchOptions.ts';
import { EXIT_ALREADY_RUNNING } from '../../../sidecar/client/startSidecar.ts';
import { writeStateFile } from '../../../sidecar/client/stateFile.ts';
import { DRAIN_REQUEST, TROUBLE_ERROR_CODE, type Trouble } from '../../../sidecar/protocol/client.ts';
import { RawClient } from '../front/support/rawClient.ts';
import { withEnoughTime } from '../../enoughTime.ts';
import { isRunning } from '../../isRunning.ts';
import { launchOptions, TestHome, testedSidecar, until } from '../front/support/sidecar.ts';
import { plausibleState } from './plausibleState.ts';

const starter = fileURLToPath(new URL('../front/support/starter.ts', import.meta.url));
const tsx = ['--import', import.meta.resolve('tsx')];

/** Starts the sidecar from a second process, as another window does. The process ends with the scope. */
function startElsewhere(
  folder: string,
  version?: string,
): {
  answer: Promise<{ pid: number; version: string; started: boolean; code?: string; message?: string }>;
  pid: number;
  leave: () => Promise<void>;
} {
  const process_ = execa(process.execPath, [...tsx, starter, folder, ...(version ? [version] : [])], {
    stdin: 'pipe',
    reject: false,
  });
  const answer = once(process_.stdout, 'data').then(
    ([data]) => JSON.parse(String(data)) as Awaited<ReturnType<typeof startElsewhere>['answer']>,
  );
  return {
    answer,
    pid: process_.pid ?? 0,
    leave: async () => {
      process_.stdin.end();
      await process_;
    },
  };
}

describe('findOrStart', () => {
  it('starts a sidecar, to which a second client attaches', async () => {
    await using home = await TestHome.create();
    const first = await findOrStart(launchOptions(home.folder));
    const second = await findOrStart(launchOptions(home.folder));
    assert.deepEqual([first.started, second.started], [true, false]);
    assert.equal(second.state.pid, first.state.pid);
    first.socket.close();
    second.socket.close();
  });

  it('starts one sidecar for several processes at once', async () => {
    await using home = await TestHome.create();
    const starters = Array.from({ length: 4 }, () => startElsewhere(home.folder));
    const answers = await Promise.all(starters.map(({ answer }) => answer));
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
    assert.equal(answers.filter(({ started }) => started).length, 1);
    await Promise.all(starters.map(({ leave }) => leave()));
  });

  it('works in a folder with spaces and non-Latin letters', async () => {
    await using home = await TestHome.create('chorus тест 日本語 ');
    assert.ok((await home.start()).pid);
  });

  it(
    'lets only this user read the state file, the log and the folder',
    { skip: process.platform === 'win32' },
    async () => {
      await using home = await TestHome.create();
      await chmod(home.folder, 0o755);
      await home.start();
      const modes = await Promise.all(
        [home.folder, home.files.stateFile, home.files.logFile].map(async (file) => (await stat(file)).mode & 0o777),
      );
      assert.deepEqual(modes, [0o700, 0o600, 0o600]);
    },
  );

  it('connects even if the search for the extension with the model fails', async () => {
    await using home = await TestHome.create();
    const { socket, started } = await findOrStart({
      ...launchOptions(home.folder),
      extensionFolder: home.folder,
      modelExtension: () => {
        throw new Error('The editor failed.');
      },
    });
    assert.ok(started);
    socket.close();
  });

  it('reports why the sidecar did not start, with its last lines', async () => {
    await using home = await TestHome.create();
    const script = path.join(home.folder, 'broken.mjs');
    await writeFile(script, 'console.error("the last words"); process.exit(7);\n');
    await assert.rejects(
      findOrStart({ ...launchOptions(home.folder), sidecarScript: script }),
      (error: { code: string; message: string; detail: string }) => {
        assert.equal(error.code, 'start-failed');
        assert.match(error.message, /exit code 7/);
        assert.match(error.detail, /the last words/);
        return true;
      },
    );
  });

  it('starts a sidecar with small heaps and few arenas', async () => {
    await using home = await TestHome.create();
    const script = path.join(home.folder, 'garbage.mjs');
    // So much of this stays alive for a while that V8 would otherwise grow its heap.
    await writeFile(
      script,
      `
      import { getHeapSpaceStatistics } from 'node:v8';
      const kept = [];
      for (let index = 0; index < 2_000_000; index++) kept[index % 50_000] = { index, text: 'x' + index };
      const { space_size } = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
      console.error('young bytes', space_size, 'arenas', process.env.MALLOC_ARENA_MAX);
      process.exit(7);`,
    );
    await assert.rejects(
      findOrStart({ ...launchOptions(home.folder), sidecarScript: script }),
      (error: Error & { detail: string }) => {
        const [, youngBytes, arenas] = /young bytes (\d+) arenas (\d+)/.exec(error.detail) ?? [];
        assert.ok(Number(youngBytes) <= 4 * 2 ** 20, `the young generation has ${youngBytes} bytes`);
        assert.equal(arenas, '2');
        return true;
      },
    );
  });

  it('ends a process that never becomes ready', async () => {
    await using home = await TestHome.create();
    const script = path.join(home.folder, 'stuck.mjs');
    const pidFile = path.join(home.folder, 'pid');
    await writeFile(
      script,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);\n`,
    );
    let pid: number | undefined;
    // On a busy machine the script may not have begun by then.
    for (let startTimeoutMs = 1_500; pid === undefined; startTimeoutMs *= 2) {
      await assert.rejects(
        findOrStart({ ...launchOptions(home.folder), sidecarScript: script, startTimeoutMs }),
        process.platform === 'linux'
          ? new RegExp(`made no progress for ${startTimeoutMs / 1_000} s, so it was ended\\. Try again\\.`)
          : new RegExp(`not ready after ${startTimeoutMs / 100} s\\. The machine may be busy`),
      );
      pid = await readFile(pidFile, 'utf8').then(Number, () => undefined);
    }
    const stuck = pid;
    await until(() => !isRunning(stuck), 'the stuck process has ended');
  });

  it('waits for a process that makes progress, even if its start takes longer than the limit without progress', async () => {
    await using home = await TestHome.create();
    const script = path.join(home.folder, 'slow.mjs');
    const start = async (startTimeoutMs: number): Promise<void> => {
      await writeFile(
        script,
        `const end = performance.now() + ${2 * startTimeoutMs};
        while (performance.now() < end);
        await import(${JSON.stringify(pathToFileURL(testedSidecar.script).href)});`,
      );
      const { socket, started } = await findOrStart({
        ...launchOptions(home.folder),
        sidecarScript: script,
        startTimeoutMs,
      });
      assert.ok(started);
      socket.close();
    };
    await withEnoughTime(start);
  });

  it('reports a folder that can’t be used', async () => {
    await using home = await TestHome.create();
    const file = path.join(home.folder, 'a file');
    await writeFile(file, '');
    await assert.rejects(ensureHome(file), { code: 'home-unusable' });
  });

  it('prefers CHORUS_HOME to the platform’s folder', () => {
    assert.equal(homeFolder({ CHORUS_HOME: path.resolve('/somewhere') }), path.resolve('/somewhere'));
  });
});

describe('findOrStart in a process that was stopped while its sidecar started and ended', () => {
  /** Options to start a sidecar that runs `first` instead of its work at the first start. */
  async function leavingFirst(home: TestHome, first: string): Promise<LaunchOptions> {
    const script = path.join(home.folder, 'leavesFirst.mjs');
    await writeFile(
      script,
      `
      import { existsSync, writeFileSync, renameSync } from 'node:fs';
      const marker = ${JSON.stringify(path.join(home.folder, 'left'))};
      const launchId = process.argv[process.argv.indexOf('--launch-id') + 1];
      if (!existsSync(marker)) {
        writeFileSync(marker, '');
        ${first}
        process.exit(0);
      }
      await import(${JSON.stringify(pathToFileURL(testedSidecar.script).href)});`,
    );
    return { ...launchOptions(home.folder), sidecarScript: script };
  }

  it('starts another sidecar if the first left no trace', async () => {
    await using home = await TestHome.create();
    const { socket, started } = await findOrStart(await leavingFirst(home, ''));
    assert.equal(started, true);
    socket.close();
    await rm(path.join(home.folder, 'left'));
  });

  it('starts another sidecar if the first left only its state file', async () => {
    await using home = await TestHome.create();
    const state = JSON.stringify({ ...plausibleState(1, process.pid), launchId: 'LAUNCH' });
    const file = JSON.stringify(path.join(home.folder, 'sidecar.json'));
    const {
      socket,
      started,
      state: found,
    } = await findOrStart(
      await leavingFirst(
        home,
        `writeFileSync(${file} + '.new', ${JSON.stringify(state)}.replace('LAUNCH', launchId), { mode: 0o600 }); renameSync(${file} + '.new', ${file});`,
      ),
    );
    assert.equal(started, true);
    assert.notEqual(found.port, 1);
    socket.close();
  });
});

describe('findOrStart after an earlier sidecar', () => {
  it('replaces a killed sidecar', async () => {
    await using home = await TestHome.create();
    const state = await home.start();
    process.kill(state.pid, 'SIGKILL');
    await until(() => !isRunning(state.pid), 'the sidecar is gone');
    const next = await home.start();
    assert.notEqual(next.pid, state.pid);
  });

  it('does not touch a foreign process that the state file names', async () => {
    await using home = await TestHome.create();
    const bystander = execa(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { reject: false });
    try {
      await writeStateFile(home.files.stateFile, plausibleState(1, bystander.pid ?? 0));
      const state = await home.start();
      assert.notEqual(state.pid, bystander.pid);
      assert.ok(isRunning(bystander.pid ?? 0));
    } finally {
      bystander.kill();
      await bystander;
    }
  });

  it('sends no message to another program on the old port', async () => {
    await using home = await TestHome.create();
    const messages: string[] = [];
    const impostor = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    impostor.on('connection', (socket) => socket.on('message', (data) => messages.push((data as Buffer).toString())));
    await once(impostor, 'listening');
    try {
      const { port } = impostor.address() as net.AddressInfo;
      await writeStateFile(home.files.stateFile, plausibleState(port, process.pid));
      assert.notEqual((await home.start()).port, port);
      assert.deepEqual(messages, []);
    } finally {
      impostor.close();
    }
  });

  for (const [what, text] of [
    ['not JSON', '{"port":'],
    ['of another shape', '{"port":"80"}'],
    ['with an invalid token', JSON.stringify({ ...plausibleState(80, 1), token: '' })],
  ] as const) {
    it(`ignores a state file that is ${what}`, async () => {
      await using home = await TestHome.create();
      await writeFile(home.files.stateFile, text, { mode: 0o600 });
      assert.equal(await findRunning({ homeFolder: home.folder, clientVersion: '1.0.0' }), undefined);
      assert.ok(await home.start());
    });
  }

  it('does not trust a state file that other users may read', { skip: process.platform === 'win32' }, async () => {
    await using home = await TestHome.create();
    const state = await home.start();
    await chmod(home.files.stateFile, 0o644);
    assert.equal(await findRunning({ homeFolder: home.folder, clientVersion: '1.0.0' }), undefined);
    await chmod(home.files.stateFile, 0o600);
    assert.equal((await home.state()).pid, state.pid);
  });

  it('takes over the lock of a dead starter', async () => {
    await using home = await TestHome.create();
    await mkdir(home.files.lockFolder);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(home.files.lockFolder, longAgo, longAgo);
    assert.ok(await home.start());
  });

  it('waits until the lock of a dead starter expires', async () => {
    await using home = await TestHome.create();
    await mkdir(home.files.lockFolder);
    assert.ok(await home.start());
  });
});

describe(
  'a sidecar that does not answer',
  { skip: process.platform === 'win32' && 'Windows can’t stop a process' },
  () => {
    it('is reported with the reason and not replaced, and is found again once it continues', async () => {
      await using home = await TestHome.create();
      const { pid } = await home.start();
      process.kill(pid, 'SIGSTOP');
      try {
        const impatient = { ...launchOptions(home.folder), answerTimeoutMs: 1 };
        for (const find of [findOrStart, findRunning]) {
          await assert.rejects(find(impatient), (error: { code: string; message: string }) => {
            assert.equal(error.code, 'unreachable');
            assert.match(error.message, new RegExp(`process ${pid}.*stopped or busy.*delete .*sidecar\\.json`));
            return true;
          });
        }
        assert.equal((await home.state()).pid, pid);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      assert.equal((await home.start()).pid, pid);
    });

    it('gets time to answer', async () => {
      await using home = await TestHome.create();
      const { pid } = await home.start();
      process.kill(pid, 'SIGSTOP');
      let isGoingOn = false;
      const found = findOrStart({ ...launchOptions(home.folder), answerTimeoutMs: 60_000 }).finally(() =>
        assert.ok(isGoingOn),
      );
      // By then the first two attempts to connect have failed.
      setTimeout(() => {
        isGoingOn = true;
        process.kill(pid, 'SIGCONT');
      }, 7_000);
      const { socket, state, started } = await found;
      assert.deepEqual([state.pid, started], [pid, false]);
      socket.close();
    });

    it('stays the sidecar of the state file when another one starts', async () => {
      await using home = await TestHome.create();
      const { pid } = await home.start();
      process.kill(pid, 'SIGSTOP');
      try {
        const second = await execa(
          process.execPath,
          [...testedSidecar.execArgv, testedSidecar.script, '--home', home.folder],
          { reject: false, env: { CHORUS_VERSION: '1.0.0' } },
        );
        assert.equal(second.exitCode, EXIT_ALREADY_RUNNING);
        assert.equal((await home.state()).pid, pid);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });
  },
);

describe('a sidecar that the state file no longer names', () => {
  it('sends its clients to the other sidecar and ends', async () => {
    await using home = await TestHome.create();
    const first = await findOrStart(launchOptions(home.folder));
    const closed = once(first.socket, 'close') as Promise<[number]>;
    // Two starters whose lock broke leave the file like this.
    await writeStateFile(home.files.stateFile, plausibleState(1, 1));
    const second = await findOrStart(launchOptions(home.folder));
    assert.notEqual(second.state.pid, first.state.pid);
    assert.equal((await closed)[0], CloseCodes.drained);
    await until(() => !isRunning(first.state.pid), 'the first sidecar is gone');
    assert.equal((await home.state()).pid, second.state.pid);
    second.socket.close();
  });

  it(
    'ends if the file was removed, and stays if the file can’t be read for now',
    { skip: process.platform === 'win32' },
    async () => {
      await using home = await TestHome.create();
      const { socket, state } = await findOrStart(launchOptions(home.folder));
      const closed = once(socket, 'close') as Promise<[number]>;
      await chmod(home.files.stateFile, 0o644);
      await sleep(2_500);
      assert.ok(isRunning(state.pid));
      await chmod(home.files.stateFile, 0o600);
      assert.equal((await home.start()).pid, state.pid);
      await rm(home.files.stateFile);
      assert.equal((await closed)[0], CloseCodes.drained);
      await until(() => !isRunning(state.pid), 'the sidecar is gone');
    },
  );
});

describe('versions', () => {
  it('let a newer client replace an older sidecar, to which the older client then attaches', async () => {
    await using home = await TestHome.create();
    const older = await findOrStart(launchOptions(home.folder, { version: '1.0.0' }));
    const closed = once(older.socket, 'close') as Promise<[number]>;
    const newer = await findOrStart(launchOptions(home.folder, { version: '1.1.0' }));
    assert.equal(newer.started, true);
    assert.equal(newer.state.version, '1.1.0');
    assert.equal((await closed)[0], 4001);
    await until(() => !isRunning(older.state.pid), 'the older sidecar is gone');

    const again = await findOrStart(launchOptions(home.folder, { version: '1.0.0' }));
    assert.deepEqual([again.started, again.state.pid], [false, newer.state.pid]);
    newer.socket.close();
    again.socket.close();
  });

  it('let two windows of different versions settle on the newer sidecar', async () => {
    await using home = await TestHome.create();
    await home.start({ version: '1.0.0' });
    const pids = new Set<number>();
    for (const version of ['1.1.0', '1.0.0', '1.1.0', '1.0.0']) pids.add((await home.start({ version })).pid);
    assert.equal(pids.size, 1);
  });

  it('let a sidecar refuse to drain for an older or equal client', async () => {
    await using home = await TestHome.create();
    const state = await home.start({ version: '1.1.0' });
    await using client = await RawClient.connect(state);
    for (const clientVersion of ['1.0.9', '1.1.0', '1.1.0-beta.1', 'nonsense']) {
      assert.deepEqual(await client.request(DRAIN_REQUEST, { clientVersion }), { accepted: false });
    }
    assert.ok(isRunning(state.pid));
  });

  it('let a draining sidecar send requests to the next one, by the trouble code', async () => {
    await using home = await TestHome.create();
    const state = await home.start({ version: '1.0.0' });
    await using client = await RawClient.initialized(state);
    const drained = client.sendRequest('chorus/drain', { clientVersion: '1.1.0' });
    const late = client.sendRequest('chorus/status');
    assert.deepEqual((await client.answer(drained)).result, { accepted: true });
    const { error } = await client.answer(late);
    assert.equal(error?.code, TROUBLE_ERROR_CODE);
    assert.equal((error.data as Trouble).code, 'draining');
    assert.equal((await client.closed).code, 4001);
  });

  it('let an older client of another protocol get one clear error', async () => {
    await using home = await TestHome.create();
    const state = await home.start({ version: '2.0.0' });
    await writeStateFile(home.files.stateFile, { ...state, protocolVersion: 99 });
    await assert.rejects(
      findOrStart(launchOptions(home.folder, { version: '1.0.0' })),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'incompatible');
        assert.match(error.message, /protocol 99/);
        return true;
      },
    );
    assert.ok(isRunning(state.pid));
  });
});
