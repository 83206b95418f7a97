import type * as vscode from 'vscode';
import type { DocumentPolicy } from '../documents/documentPolicy.ts';
import type { SidecarSession } from '../sidecar/session.ts';

/** The objects that every action needs. */
export interface ActionHost {
  readonly session: SidecarSession;
  readonly policy: Pick<DocumentPolicy, 'check'>;
  /** Stored across windows, for example the last target language of a translation. */
  readonly memory: vscode.Memento;
}
