import type * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { SidecarSession } from '../sidecar/session.ts';

/** What every action is given. */
export interface ActionHost {
  readonly session: SidecarSession;
  readonly policy: Pick<DocumentPolicy, 'check'>;
  /** Kept across windows, for example the last language that was translated into. */
  readonly memory: vscode.Memento;
}
