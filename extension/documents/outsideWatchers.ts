import * as vscode from 'vscode';

interface Watched {
  readonly watcher: vscode.Disposable;
  /** A link in the workspace leads there, whoever has a document open. */
  isLinked: boolean;
}

/**
 * Watchers of the rules of repositories outside of the workspace, each for as long as an open document or a link needs
 * it.
 */
export class OutsideWatchers implements vscode.Disposable {
  readonly #watched = new Map<string, Watched>();

  /** `watch` begins to watch the rules of a repository. */
  constructor(private readonly watch: (root: vscode.Uri) => vscode.Disposable) {}

  /** Something in a repository was judged: itself, or as what a link leads to. */
  need(root: vscode.Uri, isLinked: boolean): void {
    const key = root.toString();
    let watched = this.#watched.get(key);
    if (watched === undefined) this.#watched.set(key, (watched = { watcher: this.watch(root), isLinked }));
    watched.isLinked ||= isLinked;
  }

  /**
   * Ends the watchers of repositories to which no link leads and in which none of these files lies. Gives the roots of
   * those.
   */
  keepFor(files: readonly vscode.Uri[]): readonly vscode.Uri[] {
    const places = files.map((file) => file.toString());
    const ended = [...this.#watched].filter(
      ([root, { isLinked }]) => !isLinked && !places.some((place) => place.startsWith(`${root}/`)),
    );
    for (const [root, { watcher }] of ended) {
      watcher.dispose();
      this.#watched.delete(root);
    }
    return ended.map(([root]) => vscode.Uri.parse(root));
  }

  /** Ends all of them. */
  dispose(): void {
    for (const { watcher } of this.#watched.values()) watcher.dispose();
    this.#watched.clear();
  }
}
