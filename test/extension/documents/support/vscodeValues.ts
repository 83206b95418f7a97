/**
 * Values of VS Code's API that do not depend on a window. Part of the replacement of `vscode` after `useFakeVscode.ts`.
 */
import path from 'node:path';

export class Uri {
  constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query = '',
  ) {}

  static file(filePath: string): Uri {
    return new Uri('file', filePath);
  }

  get fsPath(): string {
    return this.path;
  }

  static parse(text: string): Uri {
    const [scheme = '', filePath = ''] = text.split('://');
    return new Uri(scheme, filePath);
  }

  static joinPath(uri: Uri, ...parts: string[]): Uri {
    return uri.with({ path: path.posix.join(uri.path, ...parts) });
  }

  with({
    scheme = this.scheme,
    path: changedPath = this.path,
    query = this.query,
  }: {
    scheme?: string;
    path?: string;
    query?: string;
  }): Uri {
    return new Uri(scheme, changedPath, query);
  }

  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export class EventEmitter<T> {
  readonly #listeners = new Set<(event: T) => void>();

  readonly event = (listener: (event: T) => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  fire(event: T): void {
    for (const listener of this.#listeners) listener(event);
  }

  dispose(): void {
    this.#listeners.clear();
  }
}

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}

  isEqual({ line, character }: Position): boolean {
    return this.line === line && this.character === character;
  }

  isBefore({ line, character }: Position): boolean {
    return this.line < line || (this.line === line && this.character < character);
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;

  constructor(start: Position, end: Position);
  constructor(startLine: number, startCharacter: number, endLine: number, endCharacter: number);
  constructor(...ends: [Position, Position] | [number, number, number, number]) {
    if (ends.length === 2) [this.start, this.end] = ends;
    else [this.start, this.end] = [new Position(ends[0], ends[1]), new Position(ends[2], ends[3])];
  }

  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class Selection extends Range {
  constructor(
    readonly anchor: Position,
    readonly active: Position,
  ) {
    super(...(active.isBefore(anchor) ? ([active, anchor] as const) : ([anchor, active] as const)));
  }

  isEqual({ anchor, active }: Selection): boolean {
    return this.anchor.isEqual(anchor) && this.active.isEqual(active);
  }
}
