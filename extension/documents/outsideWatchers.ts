import * as vscode from 'vscode';

interface Watched {
  readonly watcher: vscode.Disposable;
  /** A link in the workspace leads there, so the watcher is needed without an open document too. */
  isLinked: boolean;
}

/**
 * Watchers of the rules of repositories outside the workspace. Each exists as long as an open document or a link needs
 * it.
 */
export class OutsideWatchers implements vscode.Disposable {
  readonly #watched = new Map<string, Watched>();

  /** `watch` starts to watch the rules of a repository. */
  constructor(private readonly watch: (root: vscode.Uri) => vscode.Disposable) {}

  /** Notes that a file of a repository was judged, either directly or as the target of a link. */
  need(root: vscode.Uri, isLinked: boolean): void {
    const key = root.toString();
    let watched = this.#watched.get(key);
    if (watched === undefined) this.#watched.set(key, (watched = { watcher: this.watch(root), isLinked }));
    watched.isLinked ||= isLinked;
  }

  /**
   * Ends the watchers of repositories that no link leads to and that contain none of these files. Returns their roots.
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

  /** Ends all watchers. */
  dispose(): void {
    for (const { watcher } of this.#watched.values()) watcher.dispose();
    this.#watched.clear();
  }
}
