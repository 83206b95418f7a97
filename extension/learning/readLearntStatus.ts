import { execa } from 'execa';
import process from 'node:process';
import { nodeEnvironment } from '../../sidecar/common/childProcess/nodeEnvironment.ts';
import type { Refusal } from '../../sidecar/protocol/learning.ts';
import { parseJson } from '../../sidecar/common/parseJson.ts';
import type { Learnt, LearnProcessOptions } from './learnProcess.ts';

/** What was learnt from a workspace so far, as `chorus learn --status` prints it. */
export interface LearntStatus {
  readonly expert?: Learnt & {
    readonly files: number;
    readonly trainedTokens: number;
    readonly general: { readonly natsBefore: number; readonly natsAfter: number };
    readonly reason?: string;
    readonly refusal?: Refusal;
    readonly endedMs?: number;
    readonly bytes: number;
    readonly fitsModel: boolean;
  };
  readonly rejected?: { readonly endedMs: number; readonly reason: string; readonly refusal?: Refusal };
  readonly isUnfinished: boolean;
}

const LIMIT_MS = 60_000;

/** Asks the command line what was learnt from a folder. Rejects with the process's message. */
export async function readLearntStatus({
  cliScript,
  folder,
  workspaceKey,
  modelPath,
}: Pick<LearnProcessOptions, 'cliScript' | 'folder' | 'workspaceKey' | 'modelPath'>): Promise<LearntStatus> {
  const model = modelPath === '' ? [] : ['--model', modelPath];
  const args = [cliScript, 'learn', folder, '--status', '--json', '--workspace-key', workspaceKey, ...model];
  const { stdout, stderr, shortMessage, exitCode } = await execa(process.execPath, args, {
    reject: false,
    timeout: LIMIT_MS,
    stdin: 'ignore',
    windowsHide: true,
    extendEnv: false,
    env: nodeEnvironment(),
  });
  if (exitCode === 0) return parseJson(stdout) as LearntStatus;
  throw new Error(messageIn(stdout) ?? (stderr.trim() || shortMessage));
}

function messageIn(stdout: string): string | undefined {
  try {
    return (parseJson(stdout) as { readonly error?: { readonly message: string } }).error?.message;
  } catch {
    return undefined;
  }
}
