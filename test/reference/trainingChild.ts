import { fork, type ChildProcess } from 'node:child_process';
import { ownScript } from '../../sidecar/common/childProcess/ownScript.ts';

/** Starts a training process, which waits for its options. */
export function startTrainingChild(): ChildProcess {
  const { file, execArgv } = ownScript(import.meta.url, {
    bundle: 'train.mjs',
    source: '../../sidecar/workshop/train/main.ts',
  });
  return fork(file, { execArgv: [...execArgv], stdio: 'ignore' });
}
