import { execa } from 'execa';
import { chmod, lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeFailure } from './homeFailure.ts';

/** The folder of the CUDA add-on, inside the per-user folder. */
export const CUDA_FOLDER = 'cuda';

/** The folder of evaluated contexts, inside the per-user folder. */
export const CONTEXTS_FOLDER = 'contexts';

/** The folder of what was learnt from workspaces, inside the per-user folder. */
export const LEARNING_FOLDER = 'learning';

/** The folder of downloaded and imported models, inside the per-user folder. */
export const MODELS_FOLDER = 'models';

/** Files of the per-user folder. Every file that two processes share is named here. */
export interface Home {
  readonly folder: string;
  readonly stateFile: string;
  readonly logFile: string;
  readonly previousLogFile: string;
  readonly lockFolder: string;
  /** How fast each model reads prompts. */
  readonly speedsFile: string;
  /** Which heads of each model need their own choice of pages. */
  readonly headNeedsFile: string;
  /** Which products have the extension installed. */
  readonly installationsFolder: string;
}

/**
 * Returns the per-user folder. It lies outside VS Code's storage, so that every window, product and terminal finds the
 * same sidecar. `CHORUS_HOME` overrides it.
 */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['CHORUS_HOME']) return path.resolve(env['CHORUS_HOME']);
  switch (process.platform) {
    case 'win32':
      return path.join(absolute(env['LOCALAPPDATA']) ?? path.join(os.homedir(), 'AppData', 'Local'), 'Chorus');
    case 'darwin':
      return path.join(os.homedir(), 'Library', 'Application Support', 'Chorus');
    default:
      return path.join(absolute(env['XDG_STATE_HOME']) ?? path.join(os.homedir(), '.local', 'state'), 'chorus');
  }
}

/** A relative path would mean a different folder for every working folder. XDG says to ignore it. */
function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && path.isAbsolute(folder) ? folder : undefined;
}

/** Returns the files of `folder` without touching the disk. */
export function homeFiles(folder: string = homeFolder()): Home {
  return {
    folder,
    stateFile: path.join(folder, 'sidecar.json'),
    logFile: path.join(folder, 'sidecar.log'),
    previousLogFile: path.join(folder, 'sidecar.1.log'),
    lockFolder: path.join(folder, 'start.lock'),
    speedsFile: path.join(folder, 'speeds.json'),
    headNeedsFile: path.join(folder, 'headNeeds.json'),
    installationsFolder: path.join(folder, 'installations'),
  };
}

/** Creates the folder for this user alone, and corrects its permissions. Throws `SidecarError` 'home-unusable'. */
export async function ensureHome(folder: string = homeFolder()): Promise<Home> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (process.platform === 'win32') {
      await grantToThisUserOnly(folder);
    } else {
      const status = await lstat(folder);
      const user = process.getuid?.();
      if (!status.isDirectory()) throw new Error('it is not a folder');
      if (status.uid !== user) throw new Error(`it belongs to user ${status.uid}, expected ${user}`);
      if ((status.mode & 0o077) !== 0) await chmod(folder, 0o700);
    }
  } catch (cause) {
    throw homeFailure(folder, cause);
  }
  return homeFiles(folder);
}

/** How long a sidecar that was asked to stop may still write. */
const LAST_WRITES_MS = 3_000;

/**
 * Removes the files that Chorus wrote, and then the folder if it is empty: `CHORUS_HOME` may name a folder with other
 * files.
 */
export async function removeHome(folder: string = homeFolder()): Promise<void> {
  const deadline = performance.now() + LAST_WRITES_MS;
  do await removeOwnFiles(folder);
  while (!(await isRemoved(folder)) && performance.now() < deadline && (await sleep(100, true)));
}

async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

async function removeOwnFiles(folder: string): Promise<void> {
  const { stateFile, logFile, previousLogFile, lockFolder, speedsFile, headNeedsFile, installationsFolder } =
    homeFiles(folder);
  const own = new Set(
    [stateFile, logFile, previousLogFile, lockFolder, speedsFile, headNeedsFile, installationsFolder].map((file) =>
      path.basename(file),
    ),
  );
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries) {
    const isTemporary =
      [stateFile, speedsFile, headNeedsFile].some((file) => entry.startsWith(path.basename(file))) &&
      entry.endsWith('.tmp');
    if (!own.has(entry) && !isTemporary && ![CUDA_FOLDER, CONTEXTS_FOLDER, MODELS_FOLDER].includes(entry)) continue;
    await rm(path.join(folder, entry), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** Removes inherited permissions and gives this user full control, also of files created later. */
async function grantToThisUserOnly(folder: string): Promise<void> {
  const grantTo = (account: string): Promise<unknown> =>
    runSystemTool('icacls.exe', [folder, '/inheritance:r', '/grant:r', `${account}:(OI)(CI)F`, '/q']);
  const { username } = os.userInfo();
  const domain = process.env['USERDOMAIN'];
  try {
    await grantTo(domain ? `${domain}\\${username}` : username);
  } catch (refused) {
    // Windows' own SSH server gives the workgroup as the domain of a local account, and icacls can't grant anything to
    // such a name.
    const identifier = await ownIdentifier();
    if (identifier === undefined) throw refused;
    await grantTo(`*${identifier}`);
  }
}

/** The security identifier of the user who runs this process. */
async function ownIdentifier(): Promise<string | undefined> {
  try {
    const { stdout } = await runSystemTool('whoami.exe', ['/user', '/fo', 'csv', '/nh']);
    return /"(S-1-[\d-]+)"\s*$/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

async function runSystemTool(name: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  return execa(path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', name), args, { windowsHide: true });
}
