/**
 * Compiles the kernels for all platforms with zig, which PyPI has as `ziglang`: `npx tsx .scripts/buildKernels.ts`.
 * `--check` compares with the committed files instead, and says so if zig is missing.
 */
import { execa } from 'execa';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const native = fileURLToPath(new URL('../kernels/native', import.meta.url));
const ZIG_VERSION = '0.17.0';

interface Target {
  readonly triple: string;
  readonly file: string;
  readonly sources: readonly { readonly file: string; readonly processor: string }[];
}

const X64 = ['dispatch', 'pack', 'processor_x86'].map((file) => ({ file, processor: 'x86_64' }));
const x64Sources: Target['sources'] = [
  ...X64,
  { file: 'variant_avx2', processor: 'x86_64_v3' },
  { file: 'variant_avxvnni', processor: 'x86_64_v3+avxvnni' },
  { file: 'variant_avx512', processor: 'x86_64_v4+avx512vnni' },
];

const targets: Readonly<Record<string, Target>> = {
  'linux-x64': { triple: 'x86_64-linux-gnu.2.17', file: 'chorus-kernels-linux-x64.so', sources: x64Sources },
  'win32-x64': { triple: 'x86_64-windows-gnu', file: 'chorus-kernels-win32-x64.dll', sources: x64Sources },
  'darwin-x64': { triple: 'x86_64-macos.11.0', file: 'chorus-kernels-darwin-x64.dylib', sources: x64Sources },
};

/** The command of zig: the program `zig`, or Python's module. */
async function zigCommand(): Promise<readonly string[] | undefined> {
  for (const command of [['zig'], ['python3', '-m', 'ziglang']]) {
    const [program, ...rest] = command as [string, ...string[]];
    const version = await execa(program, [...rest, 'version']).catch(() => undefined);
    if (version?.stdout.trim() === ZIG_VERSION) return command;
  }
  return undefined;
}

/** Compiles a target into `folder`. Zig's compiler and linker write the same bytes on every machine. */
async function compile(zig: readonly string[], { triple, file, sources }: Target, folder: string): Promise<Buffer> {
  const [program, ...rest] = zig as [string, ...string[]];
  const common = ['-target', triple, '-O3', '-fvisibility=hidden', '-Wall', '-Wextra', '-Werror', '-g0'];
  if (!triple.includes('windows')) common.push('-fPIC');
  const objects = sources.map((source) => `${source.file}.o`);
  for (const { file: source, processor } of sources) {
    const object = path.join(folder, `${source}.o`);
    const cpu = `-mcpu=${processor}`;
    // Relative paths keep those of this machine out of the file.
    await execa(program, [...rest, 'cc', ...common, cpu, '-c', `${source}.c`, '-o', object], {
      cwd: path.join(native, 'source'),
    });
  }
  await execa(program, [...rest, 'cc', '-target', triple, '-shared', '-s', '-o', file, ...objects], { cwd: folder });
  return withoutTimestamp(await readFile(path.join(folder, file)));
}

/** Clears the time of compiling in the header of a Windows library, so that each compilation gives the same bytes. */
function withoutTimestamp(bytes: Buffer): Buffer {
  if (bytes.toString('latin1', 0, 2) !== 'MZ') return bytes;
  const header = bytes.readUInt32LE(0x3c);
  return Buffer.from(bytes).fill(0, header + 8, header + 12);
}

const zig = await zigCommand();
if (!zig) {
  console.log(`The kernels were not compiled: zig ${ZIG_VERSION} is missing (pip install ziglang==${ZIG_VERSION}).`);
  process.exit(process.argv.includes('--check') ? 0 : 1);
}
const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-kernels-'));
try {
  const isCheck = process.argv.includes('--check');
  const entries: string[] = [];
  await mkdir(path.join(native, 'built'), { recursive: true });
  for (const [platform, target] of Object.entries(targets)) {
    const bytes = await compile(zig, target, folder);
    const committed = path.join(native, 'built', target.file);
    if (!isCheck) await writeFile(committed, bytes);
    else if (!bytes.equals(await readFile(committed)))
      throw new Error(`${committed} differs from its sources. Run npx tsx .scripts/buildKernels.ts.`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    entries.push(`  '${platform}': {\n    file: '${target.file}',\n    sha256: '${sha256}',\n  },`);
    console.log(`${target.file}: ${bytes.length} bytes, ${sha256}`);
  }
  if (!isCheck)
    await writeFile(
      path.join(native, 'builtLibraries.ts'),
      `/** The compiled libraries by platform. Written by \`.scripts/buildKernels.ts\`. */\nexport const builtLibraries: Readonly<Record<string, { readonly file: string; readonly sha256: string }>> = {\n${entries.join('\n')}\n};\n`,
    );
} finally {
  await rm(folder, { recursive: true, force: true });
}
