/**
 * The operating system's tools that tests and the browser host need. These are a browser, a C++ compiler (VS Code's
 * native modules), Python with pip (the models' wheels), git, and Neovim (a client that isn't VS Code). Dictation needs
 * recordings of speech, a voice that reads (espeak-ng), and a sound server to play them to a microphone. GPU tests need
 * a Vulkan driver (Mesa's runs on the processor). Pictures need fonts for the languages they show, and a voice that
 * speech models understand (flite).
 *
 * On Debian and Ubuntu, as root, missing tools are installed. Elsewhere one error names the missing tools and how to
 * get them.
 */
import { execa } from 'execa';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface SystemTool {
  readonly what: string;
  readonly debianPackages: readonly string[];
  present(): boolean | Promise<boolean>;
}

/** Real speech by a single voice, at 8 kHz. */
export const RECORDINGS_FOLDER = '/usr/share/asterisk/sounds/en_US_f_Allison';

const TOOLS = {
  browser: { what: 'Chromium or Chrome', debianPackages: ['chromium'], present: () => findBrowser() !== undefined },
  compiler: {
    what: 'a C++ compiler and make',
    debianPackages: ['build-essential'],
    present: () => onPath('make') !== undefined && (onPath('g++') ?? onPath('clang++')) !== undefined,
  },
  python: { what: 'Python 3 with pip', debianPackages: ['python3', 'python3-pip'], present: () => hasPip() },
  git: { what: 'git', debianPackages: ['git', 'ca-certificates'], present: () => onPath('git') !== undefined },
  vulkan: { what: 'a Vulkan driver', debianPackages: ['mesa-vulkan-drivers'], present: () => hasVulkanDriver() },
  recordings: {
    what: "Asterisk's recordings of spoken English",
    debianPackages: ['asterisk-core-sounds-en-wav'],
    present: () => existsSync(RECORDINGS_FOLDER),
  },
  fonts: {
    what: 'fonts for Arabic, Hindi and Japanese',
    debianPackages: ['fonts-noto-core', 'fonts-noto-cjk'],
    present: () => hasFonts(['ar', 'hi', 'ja']),
  },
  reader: { what: 'flite', debianPackages: ['flite'], present: () => onPath('flite') !== undefined },
  voice: { what: 'espeak-ng', debianPackages: ['espeak-ng'], present: () => onPath('espeak-ng') !== undefined },
  pulseaudio: {
    what: 'PulseAudio',
    debianPackages: ['pulseaudio', 'pulseaudio-utils'],
    present: () => onPath('pulseaudio') !== undefined && onPath('pactl') !== undefined,
  },
  neovim: { what: 'Neovim', debianPackages: ['neovim'], present: () => onPath('nvim') !== undefined },
} satisfies Record<string, SystemTool>;
export type ToolName = keyof typeof TOOLS;
/** The tools that `npm run pictures` needs. Dictation is shown with a voice that speech models understand. */
export const PICTURE_TOOLS: readonly ToolName[] = ['browser', 'git', 'fonts', 'reader', 'pulseaudio'];
/** The tools that `npm test` needs. Vulkan's tests are a separate part. */
export const ALL_TOOLS = (Object.keys(TOOLS) as ToolName[]).filter(
  (name) => !['vulkan', 'fonts', 'reader'].includes(name),
);

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const BROWSER_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Returns the path of a Chromium-like browser: `CHORUS_CHROMIUM`, or the first one found. */
export function findBrowser(): string | undefined {
  return process.env['CHORUS_CHROMIUM'] ?? firstDefined(BROWSERS.map(onPath)) ?? BROWSER_PATHS.find(isExecutable);
}

/** Returns the path of a program on `PATH`. */
export function onPath(name: string): string | undefined {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((file) => path.join(folder, file))).find(isExecutable);
}

/** Installs missing tools if possible. Otherwise throws an error with the command to run. */
export async function ensureSystemTools(needed: readonly ToolName[]): Promise<void> {
  const missing = await missingTools(needed);
  if (missing.length === 0) return;
  const packages = missing.flatMap((tool) => tool.debianPackages);
  const names = missing.map((tool) => tool.what).join(', ');
  if (!onPath('apt-get'))
    throw new Error(`Missing: ${names}. Install them with your system's package manager and try again.`);
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0)
    throw new Error(
      `Missing: ${names}. Install them and try again: sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    );

  console.log(`Installing ${packages.join(' ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may be running, so wait for its lock.
  const lock = ['-o', 'DPkg::Lock::Timeout=300'];
  await execa('apt-get', [...lock, '-qq', 'update'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  await execa('apt-get', [...lock, '-qq', ...install], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const still = await missingTools(needed);
  if (still.length > 0)
    throw new Error(
      `apt-get installed ${packages.join(' ')}, but this is still missing: ${still.map((tool) => tool.what).join(', ')}`,
    );
}

async function missingTools(needed: readonly ToolName[]): Promise<SystemTool[]> {
  const missing: SystemTool[] = [];
  for (const name of needed) if (!(await TOOLS[name].present())) missing.push(TOOLS[name]);
  return missing;
}

async function hasPip(): Promise<boolean> {
  for (const python of ['python3', 'python']) {
    const found = await execa(python, ['-m', 'pip', '--version'], { reject: false });
    if (found.exitCode === 0) return true;
  }
  return false;
}

/** Whether a font is installed for each of the languages. Other glyphs would be boxes. */
async function hasFonts(languages: readonly string[]): Promise<boolean> {
  for (const language of languages) {
    const found = await execa('fc-list', [`:lang=${language}`, 'family'], { reject: false });
    if (found.exitCode !== 0 || found.stdout === '') return false;
  }
  return true;
}

/** The loader finds drivers by their descriptions in these folders. */
function hasVulkanDriver(): boolean {
  return ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].some(
    (folder) => existsSync(folder) && readdirSync(folder).length > 0,
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstDefined<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureSystemTools(ALL_TOOLS);
