import { LOAD_REQUEST, STATUS_REQUEST, type ChorusSettings, type SidecarStatus } from '../protocol/client.ts';
import { InterruptedError } from './exitCodes.ts';
import { onInterrupt } from './interrupt.ts';
import { ProgressBar } from './progressBar.ts';
import { Session } from './session.ts';

/** What a command works with: a sidecar whose model is loaded, and the signal that Ctrl-C aborts. */
export interface Work {
  readonly session: Session;
  readonly signal: AbortSignal;
}

/** Runs one request's worth of work: connects, loads the model behind a progress bar, cancels on Ctrl-C, and cleans up whatever happens. */
export async function withSession<Result>(settings: ChorusSettings | undefined, work: (work: Work) => Promise<Result>): Promise<Result> {
  const interrupt = onInterrupt();
  const session = await Session.open(settings);
  try {
    await loadModel(session, interrupt.signal);
    const result = await work({ session, signal: interrupt.signal });
    if (interrupt.signal.aborted) throw new InterruptedError();
    return result;
  } catch (error) {
    if (interrupt.signal.aborted) throw new InterruptedError('Interrupted', { cause: error });
    throw error;
  } finally {
    interrupt.dispose();
    await session.close();
  }
}

/** Waits until the model is loaded and draws how far it is. */
export async function loadModel(session: Session, signal?: AbortSignal): Promise<void> {
  const bar = new ProgressBar();
  session.onStatus = (status) => {
    if (status.state === 'loading') bar.update(`Loading ${status.modelPath ?? 'the model'}`, status.loadProgress ?? 0);
  };
  try {
    await session.request(LOAD_REQUEST, {}, { signal });
  } finally {
    session.onStatus = () => undefined;
    bar.clear();
  }
}

export function sidecarStatus(session: Session): Promise<SidecarStatus> {
  return session.request<SidecarStatus>(STATUS_REQUEST, {});
}
