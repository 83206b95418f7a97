import type { WorkspaceSource } from '../../../sidecar/completion/prompt/contextPlans.ts';
import type { Snippet } from '../../../sidecar/workspaceIndex/snippet.ts';

/** A workspace whose ranking the test sets: names of files, the best first. Each snippet has 100 tokens. */
export class RankedFiles implements WorkspaceSource {
  ranking: string[] = [];
  isWhole = true;
  readonly gone = new Set<string>();
  /** Files whose text has changed. */
  readonly changed = new Set<string>();
  /** The revision of all files. */
  revision = 0;
  rankings = 0;
  /** The documents that were ranked for, in order. */
  readonly asked: string[] = [];
  /** Rankings end when this resolves. */
  pace: Promise<void> | undefined;

  async snippets({ uri }: { readonly uri: string }): Promise<readonly Snippet[]> {
    this.rankings++;
    this.asked.push(uri);
    await this.pace;
    return this.ranking.map((name) => ({
      uri: name,
      path: name,
      languageId: 'python',
      revision: this.revision,
      kind: 'body',
      reason: 'similar',
      startLine: 0,
      endLine: 1,
      text: this.changed.has(name) ? `new ${name}` : name,
      score: 1,
    }));
  }
  async texts(): Promise<readonly { readonly uri: string; readonly text: string }[]> {
    return [];
  }
  async whenUsable(): Promise<void> {}
  has(uri: string, revision = this.revision): boolean {
    return !this.gone.has(uri) && revision === this.revision;
  }
  pathOf(uri: string): string {
    return uri;
  }
}
