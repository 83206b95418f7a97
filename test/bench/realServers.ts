/**
 * Tests two real servers with SmolLM2 through the services that an editor's requests use: `npx tsx
 * test/bench/realServers.ts`. Each needs a virtual environment of Python: `--llama-python` with
 * llama-cpp-python[server], `--transformers-python` with torch, transformers[serving] and gguf. `--write` also writes
 * docs/results/servers.md. Exits with 1 if a check fails.
 */
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchModel } from '../../.scripts/fetchModel.ts';
import { writeReport } from './report.ts';
import { checks } from './servers/checks.ts';
import { RealServer } from './servers/realServer.ts';

const { values } = parseArgs({
  options: {
    'llama-python': { type: 'string' },
    'transformers-python': { type: 'string' },
    folder: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const KEY = 'a-key-of-this-bench';
const modelPath = await fetchModel();

interface Subject {
  readonly name: string;
  readonly packages: readonly string[];
  readonly python: string;
  readonly key?: string;
  /** Prepares the server's arguments, and its model's name. */
  readonly prepare: (
    port: number,
  ) => Promise<{ readonly command: string; readonly arguments: readonly string[]; readonly model: string }>;
}

const subjects: Subject[] = [];
if (values['llama-python'] !== undefined) {
  const python = path.resolve(values['llama-python']);
  subjects.push({
    name: 'llama-cpp-python',
    packages: ['llama-cpp-python', 'fastapi'],
    python,
    key: KEY,
    prepare: async (port) => ({
      command: python,
      arguments: [
        '-m',
        'llama_cpp.server',
        '--model',
        modelPath,
        '--model_alias',
        'smollm2',
        '--n_ctx',
        '4096',
        '--n_threads',
        '2',
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--api_key',
        KEY,
      ],
      model: 'smollm2',
    }),
  });
}
if (values['transformers-python'] !== undefined) {
  const python = path.resolve(values['transformers-python']);
  subjects.push({
    name: 'transformers serve',
    packages: ['transformers', 'torch'],
    python,
    prepare: async (port) => {
      // The server only accepts GGUFs from repositories.
      const folder = path.resolve(values.folder ?? '.cache/smollm2-safetensors');
      if (!existsSync(path.join(folder, 'model.safetensors'))) {
        await execa(
          python,
          [fileURLToPath(new URL('servers/safetensorsOfGguf.py', import.meta.url)), modelPath, folder],
          { env: { HF_HUB_OFFLINE: '1' } },
        );
      }
      const command = path.join(path.dirname(python), 'transformers');
      return {
        command,
        arguments: ['serve', folder, '--device', 'cpu', '--host', '127.0.0.1', '--port', String(port)],
        model: folder,
      };
    },
  });
}
if (subjects.length === 0) throw new Error('Name a Python with --llama-python or --transformers-python, or both.');

const results: { name: string; versions: string; checks: { name: string; passed: boolean; seen: string }[] }[] = [];
for (const subject of subjects) {
  const port = await freePort();
  const { command, arguments: args, model } = await subject.prepare(port);
  const versions = await versionsOf(subject);
  console.log(`${subject.name} (${versions})`);
  await using server = await RealServer.start({
    command,
    arguments: args,
    url: `http://127.0.0.1:${port}/v1`,
    ...(subject.key ? { key: subject.key } : {}),
  });
  const outcomes = [];
  for (const { name, run } of checks) {
    const outcome = await run({ server, model, key: subject.key }).then(
      (seen) => ({ passed: true, seen }),
      (error: unknown) => ({ passed: false, seen: error instanceof Error ? error.message : String(error) }),
    );
    outcomes.push({ name, passed: outcome.passed, seen: outcome.seen.replaceAll(String(port), 'PORT') });
    console.log(`  ${outcome.passed ? 'passed' : 'FAILED'}  ${name}: ${outcome.seen}`);
  }
  results.push({ name: subject.name, versions, checks: outcomes });
}

if (values.write) {
  const header = `| | ${results.map(({ name, versions }) => `${name} (${versions})`).join(' | ')} |`;
  const rows = checks.map(
    ({ name }, index) => `| ${name} | ${results.map((result) => cell(result.checks[index])).join(' | ')} |`,
  );
  await writeReport({
    name: 'servers',
    title: 'Real servers',
    body: [
      'Two OpenAI-compatible servers with SmolLM2-135M-Instruct, tested through the services that an editor’s requests use (`sidecar/remoteServers/`).',
      'llama-cpp-python serves the GGUF, and `transformers serve` its weights as float32 safetensors. The model is small, so its words do not matter. The check is that they arrive, whole and in parts, and end at the right place.',
      `\n${header}\n|${'---|'.repeat(results.length + 1)}\n${rows.join('\n')}`,
    ].join('\n'),
    figures: results,
    model: 'SmolLM2-135M-Instruct',
    command: 'npx tsx test/bench/realServers.ts --llama-python PYTHON --transformers-python PYTHON --write',
  });
}
if (results.some((result) => result.checks.some(({ passed }) => !passed))) process.exitCode = 1;

function cell(check: { passed: boolean; seen: string } | undefined): string {
  if (!check) return '';
  return `${check.passed ? 'yes' : '**no**'}: ${check.seen.replaceAll('|', '\\|').replaceAll('\n', ' ')}`;
}

async function versionsOf({ python, packages }: Subject): Promise<string> {
  const script = 'import importlib.metadata as m, sys; print(", ".join(f"{p} {m.version(p)}" for p in sys.argv[1:]))';
  return (await execa(python, ['-c', script, ...packages])).stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
